// A program that takes memory in steps, as a server does that loads its libraries.

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Skip } from '../support/checks.mjs'
import { folder } from '../support/install.mjs'

const SOURCE = `
use std::{env::args, thread::sleep, time::Duration};

fn main() {
    let numbers: Vec<u64> = args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let (bytes, ms) = (numbers[0] << 20, numbers[1]);
    let mut taken = Vec::new();
    for _ in 0..20 {
        taken.push(vec![1_u8; (bytes / 20) as usize]);
        sleep(Duration::from_millis(ms * 3 / 100));
    }
    sleep(Duration::from_millis(ms * 2 / 5));
    std::process::exit(i32::from(taken.iter().map(Vec::len).sum::<usize>() == 0));
}
`

/** Returns the path of the program: `hog MEBIBYTES MILLISECONDS`. */
export function compiledHog() {
  mkdirSync(folder, { recursive: true })
  const [source, program] = [join(folder, 'hog.rs'), join(folder, 'hog')]
  writeFileSync(source, SOURCE)
  try {
    execFileSync('rustc', ['-O', '-o', program, source], { cwd: folder, stdio: 'pipe' })
  } catch (error) {
    throw new Skip(`no Rust compiler: ${error.code ?? error.status}`)
  }
  return program
}

// The parts of `npm run package` and of publishing that decide, without a build.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rustFlags } from '../scripts/package/build.mjs'
import { linkedNames } from '../scripts/package/crates.mjs'
import { withCells } from '../scripts/package/facts.mjs'
import { standardText, thirdPartyText } from '../scripts/package/licences.mjs'
import {
  MARK,
  mainManifest,
  mainReadme,
  platformManifest,
  platformReadme,
} from '../scripts/package/manifests.mjs'
import { compareVersions, needsComplaints, parseNeeds } from '../scripts/package/needs.mjs'
import { publishComplaints, publishOrder } from '../scripts/package/publishable.mjs'
import { sbom } from '../scripts/package/sbom.mjs'
import { buildOf, buildsOf, TARGETS } from '../scripts/package/targets.mjs'

const targets = Object.keys(TARGETS)

describe('the targets', () => {
  for (const [target, platform, expected] of [
    ['linux-x64-gnu', 'linux', ['zigbuild', 'x86_64-unknown-linux-gnu', '2.17', false]],
    ['linux-arm64-musl', 'linux', ['zigbuild', 'aarch64-unknown-linux-musl', undefined, false]],
    ['win32-x64-msvc', 'linux', ['build', 'x86_64-pc-windows-gnu', undefined, true]],
    ['win32-x64-msvc', 'win32', ['build', 'x86_64-pc-windows-msvc', undefined, false]],
    ['darwin-arm64', 'darwin', ['build', 'aarch64-apple-darwin', undefined, false]],
    ['darwin-arm64', 'linux', undefined],
    ['win32-arm64-msvc', 'linux', undefined],
    ['linux-x64-gnu', 'darwin', undefined],
  ])
    test(`${target} on ${platform}: ${expected ? expected[0] : 'no build'}`, () => {
      const build = buildOf(target, platform)
      const { command, triple, glibc, standIn } = build ?? {}
      const found = build && [command, triple, glibc, standIn !== undefined]
      assert.deepEqual(found, expected)
    })

  test('without a name, all that the system can build', () => {
    const names = buildsOf([], 'linux').map(({ target }) => target)
    assert.deepEqual(names, [...targets.slice(0, 4), 'win32-x64-msvc'])
  })

  test('a wrong name and an impossible build are refused', () => {
    assert.throws(() => buildsOf(['linux-x64'], 'linux'), /^Error: no such target: linux-x64;/)
    assert.throws(() => buildsOf(['darwin-x64'], 'linux'), /^Error: cannot be built on linux: dar/)
  })
})

describe('what a file needs', () => {
  const elf = (format, libraries, versions, types = ['PT_LOAD']) =>
    JSON.stringify([
      {
        FileSummary: { Format: format },
        NeededLibraries: libraries,
        VersionRequirements: [
          { Dependency: { Entries: versions.map((Name) => ({ Entry: { Name } })) } },
        ],
        ProgramHeaders: types.map((Name) => ({ ProgramHeader: { Type: { Name } } })),
      },
    ])
  const dll = (...names) =>
    `\nFile: procward.dll\nFormat: COFF-x86-64\nArch: x86_64\nAddressSize: 64bit\n` +
    `NeededLibraries [\n${names.map((name) => `  ${name}\n`).join('')}]\n`
  const x64 = 'elf64-x86-64'

  for (const [name, target, output, expected] of [
    ['glibc 2.17', 'linux-x64-gnu', elf(x64, ['libc.so.6'], ['GLIBC_2.17', 'GLIBC_2.2.5']), []],
    [
      'a newer glibc',
      'linux-x64-gnu',
      elf(x64, ['libc.so.6'], ['GLIBC_2.9', 'GLIBC_2.28', 'GCC_3.0']),
      ['needs glibc 2.28, above 2.17'],
    ],
    [
      'no glibc at all',
      'linux-x64-gnu',
      elf(x64, [], []),
      ['needs no version of glibc, and is for glibc'],
    ],
    ['musl', 'linux-x64-musl', elf(x64, ['libc.so'], []), []],
    [
      'glibc for musl',
      'linux-x64-musl',
      elf(x64, ['libc.so.6'], ['GLIBC_2.17']),
      ['needs libc.so.6, which the system may not have', 'needs glibc 2.17, and is for musl'],
    ],
    [
      'a program',
      'linux-x64-musl',
      elf(x64, [], [], ['PT_LOAD', 'PT_INTERP']),
      ['names an interpreter, as only a program does'],
    ],
    [
      'a file for another processor',
      'linux-arm64-musl',
      elf(x64, [], []),
      ['is elf64-x86-64, not elf64-littleaarch64'],
    ],
    ["Windows's own libraries", 'win32-x64-msvc', dll('KERNEL32.dll', 'ws2_32.dll'), []],
    [
      'a library of mingw',
      'win32-x64-msvc',
      dll('KERNEL32.dll', 'libgcc_s_seh-1.dll'),
      ['needs libgcc_s_seh-1.dll, which the system may not have'],
    ],
    [
      "macOS's own libraries",
      'darwin-arm64',
      'Format: Mach-O arm64\nNeededLibraries [\n  /usr/lib/libSystem.B.dylib\n]\n',
      [],
    ],
  ])
    test(`${target}: ${name}`, () => {
      assert.deepEqual(needsComplaints(parseNeeds(output), target), expected)
    })

  test('versions are compared part by part', () => {
    const sorted = ['2.2.5', '2.17', '2.9', '2.3', '2.28'].sort(compareVersions)
    assert.deepEqual(sorted, ['2.2.5', '2.3', '2.9', '2.17', '2.28'])
  })
})

describe('the manifests', () => {
  const main = { name: 'procward', version: '1.2.3', files: ['lib', '*.node'], scripts: { a: 'b' } }

  test('the main package asks for all platforms at its own version, and runs no script', () => {
    const { optionalDependencies, files, scripts } = mainManifest(main)
    assert.deepEqual(Object.keys(optionalDependencies).length, 8)
    assert.equal(optionalDependencies['procward-linux-x64-gnu'], '1.2.3')
    assert.deepEqual(new Set(Object.values(optionalDependencies)), new Set(['1.2.3']))
    assert.deepEqual([files, scripts], [['lib'], undefined])
  })

  test('the links of the README lead into the published package', () => {
    const text = '![a](docs/a.png) [b](docs/b.md#part) [c](https://example.com/c) [d](#d)'
    assert.equal(
      mainReadme(text, { name: 'procward', version: '1.2.3' }),
      '![a](https://unpkg.com/procward@1.2.3/docs/a.png) [b](https://unpkg.com/procward@1.2.3/docs/b.md#part) [c](https://example.com/c) [d](#d)',
    )
  })

  test('a stand-in is marked, private, and says so in its README', () => {
    const manifest = { name: 'procward-win32-x64-msvc', main: 'a.node' }
    const marked = platformManifest(manifest, 'a reason')
    assert.deepEqual([marked[MARK], marked.private], ['a reason', true])
    assert.match(platformReadme('# a', 'a reason'), /never published:\*\* a reason\.\n$/)
    const plain = platformManifest(manifest)
    assert.deepEqual([plain[MARK], plain.private, plain.files[0]], [undefined, undefined, 'a.node'])
    assert.equal(platformReadme('# a'), '# a')
  })
})

describe('publishing', () => {
  const main = { name: 'procward', version: '1.0.0' }
  const packed = (name, more = {}) => ({
    file: `${name}.tgz`,
    manifest: { name, version: '1.0.0', ...more },
  })
  const all = [packed('procward'), ...targets.map((target) => packed(`procward-${target}`))]
  const changed = (more) => all.map((one, at) => (at === 1 ? packed(one.manifest.name, more) : one))

  for (const [name, packages, expected] of [
    ['all packages', all, []],
    ['a missing package', all.slice(0, -1), ['procward-darwin-arm64 is not packed']],
    [
      'a stand-in',
      changed({ [MARK]: 'a reason' }),
      ['procward-linux-x64-gnu.tgz is for tests only: a reason'],
    ],
    [
      'another version',
      changed({ version: '1.0.1' }),
      ['procward-linux-x64-gnu.tgz: the checkout has version 1.0.0'],
    ],
    ['a strange package', [...all, packed('left-pad')], ['left-pad.tgz: no package of procward']],
    [
      'another version asked for',
      [packed('procward', { optionalDependencies: { a: '2.0.0' } }), ...all.slice(1)],
      ['procward.tgz asks for a 2.0.0'],
    ],
  ])
    test(`${name}: ${expected.length === 0 ? 'published' : 'refused'}`, () => {
      assert.deepEqual(publishComplaints(packages, main), expected)
    })

  test('the main package comes last', () => {
    assert.equal(publishOrder(all, 'procward').at(-1)?.file, 'procward.tgz')
    assert.equal(publishOrder(all, 'procward').length, 9)
  })
})

describe('the licences and the bill of materials', () => {
  const crates = [
    { name: 'one', version: '1.0.0', license: 'MIT', authors: [], folder: '' },
    { name: 'two', version: '2.0.0', license: 'Apache-2.0 OR MIT', authors: [], folder: '' },
  ]

  test('a text shared by crates stands there once, with their names', () => {
    const text = thirdPartyText(crates, new Map([['The text', ['one 1.0.0', 'two 2.0.0']]]))
    assert.equal(text.split('The text').length, 2)
    assert.match(text, /^one 1\.0\.0, two 2\.0\.0$/m)
    assert.match(text, /^ {2}two 2\.0\.0: Apache-2\.0 OR MIT$/m)
  })

  test('a crate without a text gets the standard one, with its authors', () => {
    const text = standardText('two', 'Apache-2.0 OR MIT', ['Ada <ada@example.org>', 'Bob'])
    assert.match(text, /^Copyright \(c\) Ada, Bob$/m)
    assert.match(standardText('two', 'BSD-3-Clause', []), /the authors of two/)
    assert.throws(() => standardText('two', 'GPL-3.0', []), /carries no licence text/)
  })

  test('the bill names each crate with its licence', () => {
    const { bomFormat, metadata, components } = JSON.parse(
      sbom({ name: 'procward-linux-x64-gnu', version: '1.0.0' }, crates),
    )
    assert.deepEqual(
      [bomFormat, metadata.component.purl],
      ['CycloneDX', 'pkg:npm/procward-linux-x64-gnu@1.0.0'],
    )
    assert.deepEqual(
      components.map(({ purl, licenses }) => [purl, licenses]),
      [
        ['pkg:cargo/one@1.0.0', [{ license: { id: 'MIT' } }]],
        ['pkg:cargo/two@2.0.0', [{ expression: 'Apache-2.0 OR MIT' }]],
      ],
    )
  })

  test('the names of linked crates are read from what cargo prints', () => {
    const tree =
      'procward v0.1.0 (/somewhere)\nlibc v0.2.1\nlibc v0.2.1 (*)\n\n[build-dependencies]'
    assert.deepEqual([...linkedNames(tree)], ['procward 0.1.0', 'libc 0.2.1'])
  })
})

test('musl is linked dynamically and msvc statically', () => {
  const libc = (triple) => rustFlags(triple).filter((flag) => flag.includes('crt-static'))
  assert.deepEqual(libc('x86_64-unknown-linux-musl'), ['-Ctarget-feature=-crt-static'])
  assert.deepEqual(libc('x86_64-pc-windows-msvc'), ['-Ctarget-feature=+crt-static'])
  assert.deepEqual(libc('x86_64-unknown-linux-gnu'), [])
})

test('figures go into their cells, and the columns stay aligned', () => {
  const table = '| target | needs |\n| - | - |\n| a | |\n| b | musl |'
  assert.equal(
    withCells(table, 'a', { needs: 'glibc 2.17' }),
    '| target | needs      |\n| ------ | ---------- |\n| a      | glibc 2.17 |\n| b      | musl       |',
  )
  assert.throws(() => withCells(table, 'c', {}), /no row c/)
})

// Reads from a built addon what the file asks of the system that loads it.

import { GLIBC } from './targets.mjs'

/**
 * @typedef {object} Needs
 * @property {string} format such as elf64-x86-64
 * @property {string[]} libraries
 * @property {string} glibc the highest version among the symbols, or '' without one
 * @property {boolean} interpreter whether the file names a program that loads it
 */

/** The arguments for llvm-readobj, whose output `parseNeeds` reads. */
export const READOBJ = ['--needed-libs']
export const READOBJ_ELF = ['--elf-output-style=JSON', '--version-info', '--program-headers']

const FORMATS = {
  'linux-x64': 'elf64-x86-64',
  'linux-arm64': 'elf64-littleaarch64',
  'win32-x64': 'COFF-x86-64',
  'win32-arm64': 'COFF-ARM64',
  'darwin-x64': 'Mach-O 64-bit x86-64',
  'darwin-arm64': 'Mach-O arm64',
}

/** The libraries that each kind of system has from its start, without those of a C++ runtime. */
const ALLOWED = {
  gnu: /^(lib(c|m|dl|rt|pthread|util|gcc_s)\.so\.\d+|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  musl: /^(libc\.so|libc\.musl-\w+\.so\.1)$/,
  win32:
    /^(kernel32|ntdll|advapi32|bcrypt|bcryptprimitives|crypt32|ws2_32|secur32|userenv|user32|shell32|ole32|oleaut32|powrprof|psapi|pdh|netapi32|iphlpapi|msvcrt|ucrtbase|api-ms-win-[\w-]+)\.dll$/i,
  darwin: /^(\/usr\/lib\/lib[\w.+-]+\.dylib|\/System\/Library\/Frameworks\/.+|@rpath\/.+\.node)$/,
}

/**
 * Parses the output of llvm-readobj.
 * @param {string} output
 * @returns {Needs}
 */
export function parseNeeds(output) {
  if (output.trimStart().startsWith('[')) return parseElf(JSON.parse(output)[0])
  const list = /^NeededLibraries \[\n([^\]]*)\]/m.exec(output)?.[1] ?? ''
  const libraries = list
    .split('\n')
    .map((line) => line.trim().replace(/ \(compatibility .*$/, ''))
    // Windows does not tell the case of names apart, and a DLL may be named once for each import.
    .map((name) => (/\.dll$/i.test(name) ? name.toLowerCase() : name))
  return {
    format: /^Format: (.*)$/m.exec(output)?.[1] ?? '',
    libraries: [...new Set(libraries.filter(Boolean))],
    ...{ glibc: '', interpreter: false },
  }
}

/** @param {any} file @returns {Needs} */
function parseElf(file) {
  const names = (file.VersionRequirements ?? [])
    .flatMap(({ Dependency }) => Dependency.Entries)
    .map(({ Entry }) => Entry.Name)
  const versions = names
    .filter((name) => /^GLIBC_[\d.]+$/.test(name))
    .map((name) => name.slice('GLIBC_'.length))
  return {
    format: file.FileSummary.Format,
    libraries: file.NeededLibraries ?? [],
    glibc: versions.sort(compareVersions).at(-1) ?? '',
    interpreter: (file.ProgramHeaders ?? []).some(
      ({ ProgramHeader }) => ProgramHeader.Type.Name === 'PT_INTERP',
    ),
  }
}

/**
 * Returns the complaints about a file that is to be the target's package; none when it may be.
 * @param {Needs} needs
 * @param {string} target
 */
export function needsComplaints({ format, libraries, glibc, interpreter }, target) {
  const [system, arch, libc] = target.split('-')
  const expected = FORMATS[`${system}-${arch}`]
  const allowed = ALLOWED[system === 'linux' ? libc : system]
  const strange = libraries.filter((name) => !allowed.test(name))
  return [
    ...(format === expected ? [] : [`is ${format}, not ${expected}`]),
    ...strange.map((name) => `needs ${name}, which the system may not have`),
    ...(interpreter ? ['names an interpreter, as only a program does'] : []),
    ...(libc === 'musl' && glibc !== '' ? [`needs glibc ${glibc}, and is for musl`] : []),
    ...(libc === 'gnu' && glibc === '' ? ['needs no version of glibc, and is for glibc'] : []),
    ...(libc === 'gnu' && compareVersions(glibc, GLIBC) > 0
      ? [`needs glibc ${glibc}, above ${GLIBC}`]
      : []),
  ]
}

/** @param {string} one @param {string} other */
export function compareVersions(one, other) {
  const [parts, others] = [one, other].map((version) => version.split('.').map(Number))
  for (let at = 0; at < Math.max(parts.length, others.length); at++) {
    const difference = (parts[at] ?? 0) - (others[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

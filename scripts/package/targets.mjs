// The platforms with a prebuilt package, and the build that makes each on a given system.

/** The oldest glibc that a package runs with: that of RHEL 7. Builds of Node.js ask for more. */
export const GLIBC = '2.17'

/**
 * @typedef {object} Build
 * @property {string} target the platform's name in the names of packages and files
 * @property {'zigbuild' | 'build'} command of cargo
 * @property {string} triple Rust's name of the platform
 * @property {string} [glibc]
 * @property {string} [standIn] the reason why the file is for tests only
 */

/** The platforms: Rust's name of each. */
export const TARGETS = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'win32-x64-msvc': 'x86_64-pc-windows-msvc',
  'win32-arm64-msvc': 'aarch64-pc-windows-msvc',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
}

const STAND_IN = 'built for windows-gnu on Linux, where no linker for msvc runs'

/**
 * Returns the build of a target on this system, or undefined where the target cannot be built.
 * @param {string} target
 * @param {string} platform of the system that builds
 * @returns {Build | undefined}
 */
export function buildOf(target, platform) {
  const triple = TARGETS[target]
  const [system] = target.split('-')
  if (platform === 'linux' && system === 'linux')
    return { target, command: 'zigbuild', triple, ...(target.endsWith('gnu') && { glibc: GLIBC }) }
  if (platform === 'linux' && target === 'win32-x64-msvc')
    return { target, command: 'build', triple: 'x86_64-pc-windows-gnu', standIn: STAND_IN }
  if (platform === system) return { target, command: 'build', triple }
}

/**
 * Returns the builds of these targets, or of all that this system can build.
 * @param {string[]} names
 * @param {string} platform
 * @returns {Build[]}
 */
export function buildsOf(names, platform) {
  const unknown = names.filter((name) => !Object.hasOwn(TARGETS, name))
  if (unknown.length > 0)
    throw new Error(`no such target: ${unknown}; there are ${Object.keys(TARGETS).join(', ')}`)
  const wanted = names.length > 0 ? names : Object.keys(TARGETS)
  const builds = wanted.map((name) => buildOf(name, platform))
  const missing = wanted.filter((_, at) => builds[at] === undefined)
  if (names.length > 0 && missing.length > 0)
    throw new Error(`cannot be built on ${platform}: ${missing.join(', ')}`)
  return builds.filter((build) => build !== undefined)
}

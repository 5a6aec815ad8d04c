// What the package's entry points declare, as TypeScript understands it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** The entry points, as users name them, and their declarations. @type {Map<string, string>} */
export const entryPoints = new Map(
  Object.entries(manifest.exports)
    .filter(([, target]) => target.types)
    .map(([path, target]) => [
      path.replace('.', manifest.name),
      `${root}${target.types.replace('./', '')}`,
    ]),
)

const { ModuleKind, ModuleResolutionKind, SymbolFlags } = ts
const program = ts.createProgram([...entryPoints.values()], {
  module: ModuleKind.Node16,
  moduleResolution: ModuleResolutionKind.Node16,
  noEmit: true,
})
const checker = program.getTypeChecker()

/** What an entry point exports, types too. @param {string} name */
function exportsOf(name) {
  const file = program.getSourceFile(entryPoints.get(name) ?? '')
  const module = file && checker.getSymbolAtLocation(file)
  if (!module) throw new Error(`${name} has no declarations`)
  return checker.getExportsOfModule(module)
}

/** The names of what exists when the program runs. @param {string} entryPoint */
export function declaredValues(entryPoint) {
  const values = exportsOf(entryPoint).filter(({ flags }) => flags & SymbolFlags.Value)
  return values.map(({ name }) => name).sort()
}

/**
 * The names of the public members of a class or interface, inherited ones excepted.
 * @param {string} entryPoint
 * @param {string} type
 */
export function declaredMembers(entryPoint, type) {
  const symbol = exportsOf(entryPoint).find(({ name }) => name === type)
  const members = [...(symbol?.members?.values() ?? [])]
  return members
    .filter(({ flags }) => flags & SymbolFlags.ClassMember)
    .map(({ name }) => name)
    .sort()
}

// Writes the bill of materials of an addon, in CycloneDX.

import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library'

/**
 * Returns the bill as JSON, the same for the same crates.
 * @param {{ name: string, version: string }} subject the package
 * @param {import('./crates.mjs').Crate[]} crates
 */
export function sbom({ name, version }, crates) {
  const bom = new Models.Bom()
  const subject = new Models.Component(Enums.ComponentType.Library, name, {
    version,
    bomRef: `pkg:npm/${name}@${version}`,
    purl: `pkg:npm/${name}@${version}`,
    licenses: licenses('MIT'),
  })
  bom.metadata.component = subject
  for (const crate of crates) {
    const purl = `pkg:cargo/${crate.name}@${crate.version}`
    const component = new Models.Component(Enums.ComponentType.Library, crate.name, {
      version: crate.version,
      bomRef: purl,
      purl,
      licenses: licenses(crate.license),
    })
    bom.components.add(component)
    subject.dependencies.add(component.bomRef)
  }
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
  return new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 1 })
}

/** @param {string} expression */
function licenses(expression) {
  const isOne = SPDX.isSupportedSpdxId(expression)
  const license = isOne
    ? new Models.SpdxLicense(expression)
    : new Models.LicenseExpression(expression)
  return new Models.LicenseRepository([license])
}

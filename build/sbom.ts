// The software bill of materials, in CycloneDX: this program, the npm packages in its bundle, and the runtime with what it
// links. No random number and no time of day goes in, so that two builds of one commit have the same.

import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { BundledPackage, RuntimeLibrary } from "./contents.ts";

export interface Release {
  readonly version: string;
  readonly commit: string;
  readonly timestamp: Date;
}

export function sbom(
  { version, commit, timestamp }: Release,
  packages: readonly BundledPackage[],
  bunVersion: string,
  libraries: readonly RuntimeLibrary[],
): string {
  const program = new Models.Component(Enums.ComponentType.Application, "docker-credential-ona", {
    version,
    bomRef: `docker-credential-ona@${version}`,
    purl: `pkg:npm/docker-credential-ona@${version}`,
    licenses: new Models.LicenseRepository([new Models.SpdxLicense("Apache-2.0")]),
    properties: new Models.PropertyRepository([new Models.Property("commit", commit)]),
  });
  const bun = runtime(bunVersion, libraries);
  const parts = packages.map(npmPackage);
  for (const part of [bun, ...parts]) program.dependencies.add(part.bomRef);
  const bom = new Models.Bom({
    version: 1,
    metadata: new Models.Metadata({ timestamp, component: program }),
    components: new Models.ComponentRepository([bun, ...parts]),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function npmPackage({ name, version, license, homepage, sha512 }: BundledPackage): Models.Component {
  const [first = "", second] = name.split("/");
  const hex = sha512 === undefined ? undefined : Buffer.from(sha512, "base64").toString("hex");
  return new Models.Component(Enums.ComponentType.Library, second ?? first, {
    ...(second === undefined ? {} : { group: first }),
    version,
    bomRef: `${name}@${version}`,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    licenses: new Models.LicenseRepository([new Models.LicenseExpression(license)]),
    hashes: new Models.HashDictionary(hex === undefined ? [] : [[Enums.HashAlgorithm["SHA-512"], hex]]),
    externalReferences: new Models.ExternalReferenceRepository(
      homepage === undefined
        ? []
        : [new Models.ExternalReference(homepage, Enums.ExternalReferenceType.Website)],
    ),
  });
}

function runtime(version: string, [bun, ...linked]: readonly RuntimeLibrary[]): Models.Component {
  const component = new Models.Component(Enums.ComponentType.Platform, "bun", {
    version,
    bomRef: `bun@${version}`,
    purl: `pkg:npm/bun@${version}`,
    licenses: new Models.LicenseRepository([new Models.LicenseExpression(bun?.license ?? "MIT")]),
  });
  for (const { name, license, url } of linked) {
    component.components.add(
      new Models.Component(Enums.ComponentType.Library, name, {
        bomRef: `bun@${version}/${name}`,
        licenses: new Models.LicenseRepository([new Models.LicenseExpression(license)]),
        externalReferences: new Models.ExternalReferenceRepository([
          new Models.ExternalReference(url, Enums.ExternalReferenceType.Website),
        ]),
      }),
    );
  }
  return component;
}

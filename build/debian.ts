// Debian packages, by dpkg-deb: the executable, man page, completions, the copyright file. Nothing runs at installation.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzip, openDirectories, put } from "./archive.ts";
import type { Documents } from "./documents.ts";

const NAME = "docker-credential-ona";
const MAINTAINER = "docker-credential-ona maintainers <docker-credential-ona@users.noreply.github.com>";

export interface DebianPackage {
  /** As Debian names it: amd64 or arm64. */
  readonly architecture: string;
  readonly version: string;
  readonly epochS: number;
  readonly executable: Uint8Array;
  readonly documents: Documents;
  readonly license: string;
  readonly notices: string;
}

/** Writes `file`, with `workplace` (an empty directory) for what goes into it. */
export function makeDebianPackage(file: string, workplace: string, parts: DebianPackage): void {
  const { documents, epochS } = parts;
  const share = join(workplace, "usr/share");
  const docs = join(share, "doc", NAME);
  put(join(workplace, "usr/bin", NAME), parts.executable, 0o755);
  put(join(share, `man/man1/${NAME}.1.gz`), gzip(Buffer.from(documents.man)));
  put(join(share, `bash-completion/completions/${NAME}`), documents.bash);
  put(join(share, `zsh/vendor-completions/_${NAME}`), documents.zsh);
  put(join(share, `fish/vendor_completions.d/${NAME}.fish`), documents.fish);
  put(join(docs, "copyright"), copyright(parts));
  put(join(docs, "changelog.gz"), gzip(Buffer.from(changelog(parts))));
  put(join(docs, "THIRD-PARTY-NOTICES.gz"), gzip(Buffer.from(parts.notices)));
  put(join(share, "lintian/overrides", NAME), OVERRIDES);
  put(join(workplace, "DEBIAN/md5sums"), checksums(workplace));
  put(join(workplace, "DEBIAN/control"), control(parts, sizeKiB(workplace)));
  openDirectories(workplace);
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--build", workplace, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epochS), DPKG_DEB_THREADS_MAX: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

const control = ({ version, architecture }: DebianPackage, installedKiB: number): string => `Package: ${NAME}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedKiB}
Depends: libc6 (>= 2.17)
Section: utils
Priority: optional
Description: container registry credentials in Ona environments
 A credential helper for Docker, Podman and other tools. In an environment of
 Ona (formerly Gitpod) it answers from the platform's secrets, or makes a
 short-lived token of Amazon ECR or Google Artifact Registry.
`;

const copyright = ({
  license,
  notices,
}: DebianPackage): string => `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ${NAME}
Comment: What others made of what is inside, with the terms it comes under, is
 in the section of the libraries below; its texts in full are in
 /usr/share/doc/${NAME}/THIRD-PARTY-NOTICES.gz

Files: *
Copyright: the docker-credential-ona contributors
License: Apache-2.0
 ${license.includes("Apache License") ? "On Debian systems the text is in /usr/share/common-licenses/Apache-2.0" : ""}

Files: usr/bin/${NAME}
Copyright: those named in THIRD-PARTY-NOTICES.gz
License: third-party
${notices
  .slice(0, notices.indexOf("-----"))
  .trimEnd()
  .split("\n")
  .map((line) => (line.trim() === "" ? " ." : ` ${line}`))
  .join("\n")}
`;

const changelog = ({
  version,
  epochS,
}: DebianPackage): string => `${NAME} (${version}) unstable; urgency=medium

  * See CHANGELOG.md of this version.

 -- ${MAINTAINER}  ${new Date(epochS * 1000).toUTCString().replace("GMT", "+0000")}
`;

/** The runtime in the executable is Bun's, as it was linked there; its symbols carry the program. */
const OVERRIDES = `# Bun's own file: taking its symbols out would take the program out with them.
${NAME}: unstripped-binary-or-object [usr/bin/${NAME}]
# Bun links its libraries; THIRD-PARTY-NOTICES has the list.
${NAME}: embedded-library *
`;

const filesBelow = (path: string, under = ""): string[] =>
  readdirSync(join(path, under))
    .toSorted()
    .flatMap((name) => {
      const file = join(under, name);
      return statSync(join(path, file)).isDirectory() ? filesBelow(path, file) : [file];
    });

const checksums = (workplace: string): string =>
  filesBelow(workplace)
    .map((file) => {
      const sum = createHash("md5")
        .update(readFileSync(join(workplace, file)))
        .digest("hex");
      return `${sum}  ${file}\n`;
    })
    .join("");

const sizeKiB = (workplace: string): number =>
  Math.ceil(
    filesBelow(workplace)
      .filter((file) => !file.startsWith("DEBIAN/"))
      .reduce((sum, file) => sum + statSync(join(workplace, file)).size, 0) / 1024,
  );

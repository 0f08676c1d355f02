#!/bin/sh
# A plain machine: EC2, GCE, any CI runner. Run it as the user who pulls; $1 is the downloaded executable. The platform's
# token and environment id, or a configuration that names the registries, must be there first: see docs/set-up.md.
sudo install -m 0755 "$1" /usr/local/bin/docker-credential-ona
docker-credential-ona configure
docker-credential-ona doctor

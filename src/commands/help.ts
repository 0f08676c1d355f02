// `help`: what the program is, in one screen.

export const HELP = `Usage: docker-credential-ona <store|get|erase|list|version|help>

Credentials for container registries in Ona environments, in Docker's credential-helper protocol.

  get      reads a server from stdin and prints its credential as JSON
  store    reads {"ServerURL","Username","Secret"} from stdin and keeps it as a local login
  erase    reads a server from stdin and forgets its local login and cached answer
  list     prints the known registries with their user names as JSON
  version  prints the version
  help     prints this text

Docker calls it when ~/.docker/config.json says, for example:
  {"credHelpers": {"ghcr.io": "ona"}}
`;

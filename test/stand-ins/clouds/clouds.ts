// Starts the stand-ins of AWS and Google on loopback and says which variables lead there. Every address that an
// SDK would look up by itself is set: a service that a test did not ask for is a closed port, never the network.

import { MovableClock } from "./clock.ts";
import {
  type ContainerSettings,
  type ContainerStandIn,
  CREDENTIALS_PATH,
  listenContainer,
} from "./container-credentials.ts";
import { type EcrSettings, listenEcr, listenEcrPublic } from "./ecr.ts";
import { EcrPasswords } from "./ecr-password.ts";
import { type GceSettings, listenGce } from "./gce-metadata.ts";
import { type GoogleIamSettings, listenGoogleIam } from "./google-iam.ts";
import { listenOAuth, type OAuthSettings } from "./google-oauth.ts";
import { type GoogleStsSettings, listenGoogleSts } from "./google-sts.ts";
import { GoogleTokens } from "./google-tokens.ts";
import { type ImdsSettings, listenImds } from "./imds.ts";
import { KeyRing } from "./key-ring.ts";
import type { StandIn } from "./stand-in.ts";
import { listenSts, type StsSettings } from "./sts.ts";

/** A key that is present puts the service into `env`. */
export interface CloudOptions {
  clock?: MovableClock;
  ecr?: EcrSettings;
  ecrPublic?: EcrSettings;
  sts?: StsSettings;
  imds?: ImdsSettings;
  container?: ContainerSettings;
  gce?: GceSettings;
  googleOAuth?: OAuthSettings;
  googleSts?: GoogleStsSettings;
  googleIam?: GoogleIamSettings;
}

export interface Clouds extends AsyncDisposable {
  /** To be put into an environment object made by the test; holds no key of an identity. */
  env: Record<string, string>;
  clock: MovableClock;
  ring: KeyRing;
  ecrPasswords: EcrPasswords;
  googleTokens: GoogleTokens;
  ecr: StandIn<EcrSettings>;
  ecrPublic: StandIn<EcrSettings>;
  sts: StandIn<StsSettings>;
  imds: StandIn<ImdsSettings>;
  container: ContainerStandIn;
  gce: StandIn<GceSettings>;
  googleOAuth: StandIn<OAuthSettings>;
  googleSts: StandIn<GoogleStsSettings>;
  googleIam: StandIn<GoogleIamSettings>;
  isValidEcrPassword: EcrPasswords["isValid"];
  isValidGoogleToken: GoogleTokens["isValid"];
  close(): Promise<void>;
}

/** Nothing listens there, and nobody but root could. */
export const CLOSED = "127.0.0.1:1";

export async function startClouds(options: CloudOptions = {}): Promise<Clouds> {
  const clock = options.clock ?? new MovableClock();
  const ring = new KeyRing();
  const ecrPasswords = new EcrPasswords(clock);
  const googleTokens = new GoogleTokens(clock);
  const around = { clock, ring, passwords: ecrPasswords, googleTokens };
  const services = {
    ecr: await listenEcr(around, options.ecr),
    ecrPublic: await listenEcrPublic(around, options.ecrPublic),
    sts: await listenSts(around, options.sts),
    imds: await listenImds(around, options.imds),
    container: await listenContainer(around, options.container),
    gce: await listenGce(around, options.gce),
    googleOAuth: await listenOAuth(around, options.googleOAuth),
    googleSts: await listenGoogleSts(around, options.googleSts),
    googleIam: await listenGoogleIam(around, options.googleIam),
  };
  const close = async () => {
    await Promise.all(Object.values(services).map((service) => service.close()));
  };
  return {
    ...services,
    clock,
    ring,
    ecrPasswords,
    googleTokens,
    env: environment(options, services),
    isValidEcrPassword: (user, password, of) => ecrPasswords.isValid(user, password, of),
    isValidGoogleToken: (token) => googleTokens.isValid(token),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function environment(
  options: CloudOptions,
  services: Pick<Clouds, "ecr" | "ecrPublic" | "sts" | "imds" | "container" | "gce">,
): Record<string, string> {
  const url = (name: keyof typeof services) =>
    options[name] === undefined ? `http://${CLOSED}` : services[name].url;
  const env: Record<string, string> = {
    AWS_ENDPOINT_URL_ECR: url("ecr"),
    AWS_ENDPOINT_URL_ECR_PUBLIC: url("ecrPublic"),
    AWS_ENDPOINT_URL_STS: url("sts"),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url("imds"),
    GCE_METADATA_HOST: url("gce").replace("http://", ""),
  };
  if (options.container !== undefined) {
    env.AWS_CONTAINER_CREDENTIALS_FULL_URI = services.container.url + CREDENTIALS_PATH;
    env.AWS_CONTAINER_AUTHORIZATION_TOKEN = services.container.settings.authorization;
  }
  return env;
}

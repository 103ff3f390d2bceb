import type { FetchJson } from './fetch-json.ts'
import { RemoteKeys, type RemoteKeysOptions } from './remote-keys.ts'

export interface IssuerKeysOptions extends Omit<RemoteKeysOptions, 'download'> {
  readonly issuer: string
  /** Undefined: it is found through discovery. */
  readonly jwksUri: string | undefined
  readonly fetchJson: FetchJson
}

/** The keys of another issuer. */
export function issuerKeys(options: IssuerKeysOptions): RemoteKeys {
  const { name, clock, log, changed } = options
  return new RemoteKeys({ name, clock, log, changed, download: () => download(options) })
}

async function download({ issuer, jwksUri, fetchJson }: IssuerKeysOptions): Promise<unknown> {
  // The operator has named it, so it may be anywhere.
  if (jwksUri !== undefined) return fetchJson(new URL(jwksUri), { isListed: anywhere })
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const metadata = (await fetchJson(new URL(place), { isListed: anywhere })) as Readonly<
    Record<string, unknown>
  > | null
  // OpenID Connect Discovery, section 4.3: otherwise one issuer could speak for another.
  if (metadata?.['issuer'] !== issuer) throw new Error('its metadata names another issuer')
  const url = URL.parse(String(metadata['jwks_uri']))
  const own = new URL(issuer)
  if (url === null || (url.protocol !== 'https:' && url.origin !== own.origin)) {
    throw new Error('its metadata names no usable key set')
  }
  return fetchJson(url, { isListed: url.host === own.host ? anywhere : nowhere })
}

const anywhere = (): boolean => true
const nowhere = (): boolean => false

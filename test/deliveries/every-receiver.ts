/** One receiver of every kind: its answers, and our side of it. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CompactEncrypt, decodeJwt } from 'jose'
import { crm } from '../../examples/crm-receiver.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import { signLogoutToken } from '../../src/core/id-token.ts'
import type { Delivery } from '../../src/domain/delivery.ts'
import type { Receiver } from '../../src/ports/delivery.ts'
import { createBackchannelReceiver } from '../../src/receivers/backchannel.ts'
import { createExchange } from '../../src/receivers/exchange.ts'
import { createMvpdReceiver } from '../../src/receivers/mvpd/index.ts'
import { createPost } from '../../src/receivers/post.ts'
import { createProviderReceiver } from '../../src/receivers/providers/index.ts'
import { systemRandom } from '../../src/server/system.ts'
import type { ManualClock } from './manual-clock.ts'
import { logoutResponse } from './mvpd-peers.ts'
import { SECRET } from './provider.ts'

export interface Call {
  readonly request: IncomingMessage
  readonly body: string
}

/** One kind of receiver. Its server is at `/<name>`. */
interface Kind {
  readonly name: string
  /** The name that deliveries to it have. */
  readonly receiver: string
  readonly facts: Delivery['facts']
  /** Answers as one that has understood. */
  readonly takes: (call: Call, response: ServerResponse) => void
  /** What may come once only; undefined where a message has nothing of the sort. */
  readonly onceOnly?: (call: Call) => string | undefined
  /** What it answers 400 to can be mended here: credentials. */
  readonly mends400?: boolean
}

const random = systemRandom()
export const viewer = { mvpd: 'x', userId: 'ann', requestor: 'REF30', revocationId: 'r', atMs: 1 }
const subject = { scope: 'subject', key: 'ann', atMs: 1 }
const key = createHash('sha256').update(SECRET).digest()
const token = await new CompactEncrypt(new TextEncoder().encode('the token'))
  .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
  .encrypt(key)

/** Answers as a receiver that is content with any status of success. */
export const ok = (_call: Call, response: ServerResponse): void => {
  response.writeHead(200).end()
}
/** A product's token endpoint and its API in one. */
const json = (_call: Call, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end('{"access_token":"t","token_type":"Bearer","expires_in":300}')
}
const samlId = ({ body }: Call): string => / ID="([^"]+)"/.exec(body)?.[1] ?? ''

export const kinds: readonly Kind[] = [
  {
    name: 'backchannel',
    receiver: 'backchannel:shop',
    facts: { subjectId: 'ann', sid: 's' },
    takes: ok,
    onceOnly: ({ body }) => decodeJwt(new URLSearchParams(body).get('logout_token') ?? '').jti,
  },
  { name: 'webhook', receiver: 'crm:main', facts: { subject: 'ann' }, takes: ok },
  { name: 'mvpd-message', receiver: 'mvpd:mvpd-message', facts: viewer, takes: ok },
  {
    name: 'mvpd-revocation',
    receiver: 'mvpd:mvpd-revocation',
    facts: { ...viewer, claims: { token } },
    takes: ok,
  },
  {
    name: 'mvpd-saml',
    receiver: 'mvpd:mvpd-saml',
    facts: viewer,
    takes: (call, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' }).end(logoutResponse(samlId(call)))
    },
    onceOnly: samlId,
  },
  {
    name: 'mvpd-rp-initiated',
    receiver: 'mvpd:mvpd-rp-initiated',
    facts: viewer,
    takes: ({ body }, response) => {
      const state = new URLSearchParams(body).get('state') ?? ''
      response.writeHead(303, { location: `https://pass.example/back?state=${state}` }).end()
    },
    onceOnly: ({ body }) => new URLSearchParams(body).get('state') ?? undefined,
  },
  ...(['keycloak', 'auth0', 'entra'] as const).map((name) => ({
    name,
    receiver: `provider:${name}`,
    facts: subject,
    takes: json,
    mends400: true,
  })),
  ...(['okta', 'zitadel'] as const).map((name) => ({
    name,
    receiver: `provider:${name}`,
    facts: subject,
    takes: json,
  })),
]

const saml = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

/** Everyone who can be told, as an installation has them. */
export async function receiversOf(
  url: string,
  clock: ManualClock,
  keys: CoreDependencies['keys'],
): Promise<readonly Receiver[]> {
  const guarded = { isListed: () => true, setting: '' }
  const exchange = createExchange(guarded)
  const nowMs = (): number => clock.nowMs()
  const post = createPost({ ...guarded, nowMs })
  const at = (name: string): { readonly url: string } => ({ url: `${url}/${name}` })
  const client = { clientId: 'us', clientSecret: 'secret' }
  const privateKey = saml.export({ type: 'pkcs8', format: 'pem' }) as string
  const mvpds = [
    { kind: 'message', ...at('mvpd-message') },
    { kind: 'revocation', ...at('mvpd-revocation'), ...client, tokenClaim: 'token' },
    { kind: 'saml', ...at('mvpd-saml'), entityId: 'us', privateKey },
    { kind: 'rp-initiated', ...at('mvpd-rp-initiated'), clientId: 'us' },
  ] as const
  const signing = { keys, clock, random, issuer: 'https://us.example' }
  return [
    createBackchannelReceiver({
      dialect: 'oauth',
      addressOf: () => Promise.resolve(at('backchannel').url),
      registered: () => Promise.resolve([{ name: 'shop', title: 'Shop', ...at('backchannel') }]),
      sign: (statement) => signLogoutToken(signing, statement),
      post,
    }),
    createMvpdReceiver({
      providers: [
        ...mvpds.map((logout) => ({
          id: `mvpd-${logout.kind}`,
          displayName: '',
          logout,
          secret: SECRET,
        })),
        { id: 'well', displayName: '', logout: { kind: 'message', ...at('well') }, secret: SECRET },
      ],
      dialect: 'adobe-pass',
      viewerOf: () => ({ mvpd: '', userId: '', claims: {} }),
      exchange,
      nowMs,
      newId: () => crypto.randomUUID(),
      returnUrl: 'https://pass.example/back',
    }),
    createProviderReceiver({
      issuers: [
        { kind: 'keycloak', ...client },
        { kind: 'auth0', ...client },
        { kind: 'entra', ...client, loginUrl: at('entra').url, graphUrl: at('entra').url },
        { kind: 'okta', apiToken: 'secret' },
        { kind: 'zitadel', accessToken: 'secret' },
      ].map((tell) => ({
        name: tell.kind,
        issuer: tell.kind === 'entra' ? 'https://login.example/t/v2.0' : at(tell.kind).url,
        tell: tell as Parameters<typeof createProviderReceiver>[0]['issuers'][number]['tell'],
      })),
      exchange,
      clock,
    }),
    crm.create({ clock, post }, { ...at('webhook'), key: 'secret', dialects: [] }),
  ]
}

/**
 * The demo identities: public by design, and therefore refused by every configuration but `--demo`.
 */
import { Refusal } from '../domain/failure.ts'
import type { Client, Subject } from '../domain/identity.ts'
import { GUARD_DIALECT, hashGuardCredential } from '../core/guard-credential.ts'
import { hashPassword } from '../core/password.ts'
import type { PasswordCost } from '../core/dependencies.ts'
import type { Store } from '../ports/store.ts'

/** The admin token of the demo. */
export const DEMO_ADMIN_TOKEN = 'outright-demo-admin'
/** The credential of the demo's guard. */
export const DEMO_GUARD_CREDENTIAL = 'outright-demo-guard'

/** Marks rows that came with the demo. */
const demoMark = { demo: true } as const

type DemoSubject = Partial<Subject> & { readonly id: string; readonly password?: string }
type DemoClient = Partial<Client> & {
  readonly id: string
  readonly dialect: string
  readonly key: string
  readonly secret?: string
}

const subjects: readonly DemoSubject[] = [
  { id: 'maria', name: 'Maria', username: 'maria', password: 'maria-demo' },
  {
    id: '39501T',
    name: 'Sri',
    phone: '919999900001',
    attributes: { language: 'hi-IN', image_url: null, roles: { default: [] } },
  },
  {
    id: 'baanx-demo-user',
    name: 'Demo User',
    email: 'demo@example.com',
    password: 'demo-password',
    attributes: { phase: null, verificationState: 'VERIFIED', isLinked: false },
  },
  {
    id: 'baanx-otp-user',
    name: 'OTP User',
    email: 'otp@example.com',
    phone: '447700900225',
    password: 'demo-password',
    attributes: {
      otpRequired: true,
      phase: null,
      verificationState: 'VERIFIED',
      isLinked: false,
    },
  },
]

const clients: readonly DemoClient[] = [
  { id: 'directlink', dialect: 'directlink', key: 'directlink', name: 'DirectLink' },
  { id: 'matar', dialect: 'matar', key: 'matar', name: 'Matar app' },
  {
    id: '42',
    dialect: 'octopus',
    key: 'octopus-demo-key',
    secret: 'octopus-demo-secret',
    name: 'Octopus demo',
  },
  {
    id: '43',
    dialect: 'octopus',
    key: 'octopus-office-key',
    secret: 'octopus-office-secret',
    name: 'Octopus office',
    allowlist: ['203.0.113.0/24'],
  },
  {
    id: 'REF30',
    dialect: 'adobe-pass',
    key: 'REF30',
    name: 'REF30',
    attributes: { displayName: 'Demo programmer', mvpds: ['DemoMVPD', 'DemoTempPass'] },
  },
  {
    id: 'guard-demo',
    dialect: GUARD_DIALECT,
    key: DEMO_GUARD_CREDENTIAL,
    name: 'Demo guard',
    secretHash: hashGuardCredential(DEMO_GUARD_CREDENTIAL),
  },
  { id: 'baanx-demo', dialect: 'baanx', key: 'baanx-demo-key', name: 'Baanx demo' },
  {
    id: 'baanx-demo-oauth',
    dialect: 'baanx-oauth',
    key: 'baanx-demo-oauth',
    name: 'Baanx demo OAuth client',
    attributes: { parent: 'baanx-demo' },
  },
]

/** Path at which the demo's OAuth client gets its codes. */
export const DEMO_CALLBACK_PATH = '/demo/callback'

export interface DemoSeed {
  readonly passwordCost: PasswordCost
  /** The public URL, without a slash at the end. */
  readonly publicUrl: string
  readonly nowMs: number
}

/**
 * Creates the demo identities that are not there yet, and tells the OAuth client where the server
 * is this time. Safe to repeat.
 */
export async function seedDemo(store: Store, seed: DemoSeed): Promise<void> {
  await addIdentities(store, seed)
  const id = 'baanx-demo-oauth'
  const known = (await store.findClient({ by: 'id', value: id }))?.redirectUris ?? []
  const callback = seed.publicUrl + DEMO_CALLBACK_PATH
  if (known.includes(callback)) return
  await store.updateClient(id, { redirectUris: [callback, ...known].slice(0, MAX_CALLBACKS) })
}

/** Ports that somebody tries in an afternoon. */
const MAX_CALLBACKS = 20

async function addIdentities(store: Store, { passwordCost: cost, nowMs }: DemoSeed): Promise<void> {
  await Promise.all([
    ...subjects.map(async ({ password, ...subject }) =>
      unlessThere(
        store.createSubject({
          name: '',
          username: undefined,
          email: undefined,
          phone: undefined,
          status: 'active',
          createdAtMs: nowMs,
          ...subject,
          passwordHash: password === undefined ? undefined : await hashPassword(password, cost),
          attributes: { ...subject.attributes, ...demoMark },
        }),
      ),
    ),
    ...clients.map(async ({ secret, ...client }) =>
      unlessThere(
        store.createClient({
          name: '',
          allowlist: [],
          redirectUris: [],
          status: 'active',
          createdAtMs: nowMs,
          ...client,
          secretHash: secret === undefined ? client.secretHash : await hashPassword(secret, cost),
          attributes: { ...client.attributes, ...demoMark },
        }),
      ),
    ),
  ])
}

async function unlessThere(creation: Promise<void>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (error instanceof Refusal && error.failure.kind === 'conflict') return
    throw error
  }
}

/** The password of a demo user, or the secret of a demo client. Public by design. */
export function demoSecretOf(id: string): string {
  const subject = subjects.find((one) => one.id === id)
  return subject?.password ?? clients.find((one) => one.id === id)?.secret ?? ''
}

/** True where the database holds an identity that came with the demo, any of them. */
export async function hasDemoIdentities(store: Store): Promise<boolean> {
  const identities = await Promise.all([
    ...subjects.map(({ id }) => store.findSubject({ by: 'id', value: id })),
    ...clients.map(({ id }) => store.findClient({ by: 'id', value: id })),
  ])
  return identities.some((identity) => identity?.attributes['demo'] === true)
}

/** Printed where everybody can read them, so that none may protect anything but the demo. */
export const publicCredentials: ReadonlySet<string> = new Set([
  DEMO_ADMIN_TOKEN,
  DEMO_GUARD_CREDENTIAL,
  'demo-software-statement',
  // What stands in the examples for deployment.
  'REPLACE-ME',
  ...subjects.flatMap(({ password }) => password ?? []),
  ...clients.flatMap(({ secret }) => secret ?? []),
])

/**
 * The demo identities: public by design, and therefore refused by every configuration but `--demo`.
 */
import { Refusal } from '../domain/failure.ts'
import type { Attributes } from '../domain/identity.ts'
import { hashPassword } from '../core/password.ts'
import type { PasswordCost } from '../core/dependencies.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { ConfigError } from './config-file.ts'
import type { Config } from './config.ts'
import { DEMO_PROVIDER } from './demo-provider/identity.ts'
import { surfaceModules } from './surface-settings.ts'

/** Marks people and clients that came with the demo. */
const demoMark = { demo: true } as const

/** A part of the JSON of every such mark, by which a database narrows the search. */
export const DEMO_MARK_LIKE = '%"demo"%'

/** Whether attributes say that their person or client came with the demo. */
export function isDemoMarked(attributes: Attributes | undefined): boolean {
  return attributes?.['demo'] === true
}

const DEMO_OPERATOR = 'demo-'

/** Whether an operator came with the demo. */
export function isDemoOperator(id: string | undefined): boolean {
  return id?.startsWith(DEMO_OPERATOR) === true
}

const identities = surfaceModules.flatMap(([, { demo }]) => demo ?? [])
const subjects = identities.flatMap((one) => one.subjects ?? [])
const clients = identities.flatMap((one) => one.clients ?? [])
const operators = identities.flatMap((one) => one.operators ?? [])

/** Path at which the demo's OAuth client gets its codes. */
export const DEMO_CALLBACK_PATH = '/demo/callback'

/**
 * Brings the demo identities into the database of a demo, and keeps them out of any other server.
 *
 * @throws {ConfigError} Where another server would serve them.
 */
export async function checkIdentities(store: Store, config: Config, clock: Clock): Promise<void> {
  if (config.demo) {
    const { passwordCost, issuer: publicUrl } = config
    return seedDemo(store, { passwordCost, publicUrl, nowMs: clock.nowMs() })
  }
  if (await hasDemoIdentities(store)) {
    throw new ConfigError(
      'Cannot start: the database holds the demo identities, whose passwords are public; ' +
        'use another data folder, or start with --demo',
    )
  }
}

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

/** Ports that a person tries in an afternoon. */
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
    ...operators.map(async ({ password, ...operator }) =>
      unlessThere(
        store.createOperator({
          id: demoOperatorId(operator.name),
          ...operator,
          passwordHash: await hashPassword(password, cost),
          identity: undefined,
          createdAtMs: nowMs,
        }),
      ),
    ),
  ])
}

/** No other operator has such an id: theirs are UUIDs. */
function demoOperatorId(name: string): string {
  return DEMO_OPERATOR + name
}

async function unlessThere(creation: Promise<void>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (error instanceof Refusal && error.failure.kind === 'conflict') return
    throw error
  }
}

/** True where the database holds an identity that came with the demo, any of them. */
export async function hasDemoIdentities(store: Store): Promise<boolean> {
  const identities = await Promise.all([
    ...subjects.map(({ id }) => store.findSubject({ by: 'id', value: id })),
    ...clients.map(({ id }) => store.findClient({ by: 'id', value: id })),
  ])
  const found = await Promise.all(operators.map(({ name }) => store.findOperator(name)))
  return (
    found.some((one) => isDemoOperator(one?.id)) ||
    identities.some((one) => isDemoMarked(one?.attributes))
  )
}

/** Printed in public, so none of them may protect anything but the demo. */
export const publicCredentials: ReadonlySet<string> = new Set([
  'demo-software-statement',
  DEMO_PROVIDER.person.password,
  // What stands in the examples for deployment.
  'REPLACE-ME',
  ...identities.map(({ shown }) => shown.secret),
  ...subjects.flatMap(({ password }) => password ?? []),
  ...clients.flatMap(({ secret }) => secret ?? []),
])

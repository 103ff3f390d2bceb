/** What surfaces with passkeys have in common: how often challenges are given, and every change. */
import { Refusal, refuse } from '../domain/failure.ts'
import { readForm } from './body.ts'
import type { SurfaceContext } from './context.ts'
import type { routesWith } from './declared-route.ts'
import { refuseAllButPages } from './own-origin.ts'
import type { PasskeyHolder, PasskeyPages } from './passkeys.ts'
import type { RateLimit } from './rate-limit.ts'
import { anything } from './schema.ts'
import type { Answer, Route, SurfaceRequest } from './surface.ts'

export interface PasskeyService extends Pick<SurfaceContext, 'core'> {
  readonly passkeys: PasskeyPages
  /** Challenges, by address. */
  readonly challenges: RateLimit
}

/** The route at which the script of a page asks for a challenge, before it asks the browser. */
export function challengeRoute(
  declare: ReturnType<typeof routesWith>,
  path: string,
  summary: string,
  handle: (request: SurfaceRequest) => Promise<Answer>,
): Route {
  const options = { description: 'Options of WebAuthn', schema: anything }
  const responses = { 200: options, default: { description: 'A page', type: 'text/html' } } as const
  return declare({ method: 'POST', path, summary, responses }, ({ request }) => handle(request))
}

/** A challenge for a person who wants to log in. It names no passkeys. */
export async function challengeToSign(
  { passkeys, challenges }: PasskeyService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseAllButPages(request)
  await challenges.consume(request.clientAddress)
  return passkeys.askToSign()
}

/** A challenge for a person who is logged in and wants another passkey. */
export async function challengeToRegister(
  { passkeys, challenges }: PasskeyService,
  request: SurfaceRequest,
  holder: PasskeyHolder,
): Promise<Answer> {
  await challenges.consume(request.clientAddress)
  return passkeys.askToRegister(holder)
}

export interface PasskeyOwner extends PasskeyHolder {
  /** As `RevokeRequest.actor`. */
  readonly actor: string
  /** Asked once a new passkey is stored. */
  readonly isStillLoggedIn: () => Promise<boolean>
}

/**
 * Keeps what the browser made, or removes a passkey by its id, as the form says.
 *
 * @returns `failed` where the page can be shown again to say that it did not work.
 * @throws {Refusal} `credentials_missing` where the holder was logged out meanwhile: then nothing
 *   was kept.
 */
export async function applyPasskeyForm(
  { core, passkeys }: PasskeyService,
  request: SurfaceRequest,
  { holder, name, actor, isStillLoggedIn }: PasskeyOwner,
): Promise<'added' | 'removed' | 'failed'> {
  const form = readForm(request)
  const removed = form.get('remove')
  if (removed !== null) {
    await core.passkeys.remove(holder, removed, actor)
    return 'removed'
  }
  const id = await orFailed(
    passkeys.register(request, { holder, name }, form.get('passkey') ?? '', form.get('name') ?? ''),
  )
  if (id === undefined) return 'failed'
  if (await isStillLoggedIn()) return 'added'
  // A person who was logged out meanwhile keeps no way back in.
  await core.passkeys.remove(holder, id, actor)
  return refuse({ kind: 'credentials_missing' })
}

/** Undefined where the passkey was not good, is known, or is one too many. */
async function orFailed(registered: Promise<string>): Promise<string | undefined> {
  try {
    return await registered
  } catch (error) {
    const isMendable =
      error instanceof Refusal && ['credentials_invalid', 'conflict'].includes(error.failure.kind)
    if (!isMendable) throw error
    return undefined
  }
}

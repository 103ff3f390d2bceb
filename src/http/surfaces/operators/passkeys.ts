/** `/console/passkeys`: an operator's own passkeys, and the challenges for them. */
import { refuse } from '../../../domain/failure.ts'
import { operatorOfSubject, operatorSubject } from '../../../domain/operator.ts'
import type { OperatorSession } from '../../../core/operator-sessions.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { readOperatorCookie } from '../../operator-cookie.ts'
import { passkeysPath, signInPath } from '../../operator-paths.ts'
import { refuseAllButPages } from '../../own-origin.ts'
import { applyPasskeyForm, challengeToRegister } from '../../passkey-service.ts'
import { passkeysPage } from './passkeys-page.ts'
import type { OperatorService, Proved } from './service.ts'
import { wordsFor } from './words.ts'

/** Whose passkey has signed; people's are not taken here. */
export async function authenticateByPasskey(
  { core, passkeys }: OperatorService,
  request: SurfaceRequest,
  response: string,
): Promise<Proved> {
  const provedBy = await passkeys.authenticate(request, response)
  const name = operatorOfSubject(provedBy.holder)
  const operator = name === undefined ? undefined : await core.operators.find(name)
  if (operator === undefined || operator.identity !== undefined) {
    return refuse({ kind: 'credentials_invalid' })
  }
  return { operator, provedBy }
}

/** `GET /console/passkeys`. */
export async function showPasskeys(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  const session = await signedIn(service, request)
  if (session === undefined) {
    return { status: 303, headers: { location: `${signInPath}?return=${passkeysPath}` } }
  }
  return pageFor(service, request, session, 200)
}

/** `POST /console/passkeys/new`: for an operator who has signed in. */
export async function askToRegister(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  const { name } = await requireSignedIn(service, request)
  return challengeToRegister(service, request, { holder: operatorSubject(name), name })
}

/** `POST /console/passkeys`: keeps what the browser made, or removes one by its id. */
export async function changePasskeys(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  const session = await requireSignedIn(service, request)
  const { name } = session
  const holder = operatorSubject(name)
  const outcome = await applyPasskeyForm(service, request, {
    holder,
    name,
    actor: holder,
    isStillLoggedIn: async () => (await signedIn(service, request)) !== undefined,
  })
  if (outcome === 'failed') return pageFor(service, request, session, 400)
  const { requestId } = request
  service.log.info({ requestId, operator: name, change: outcome }, 'passkey of an operator')
  return { status: 303, headers: { location: passkeysPath } }
}

async function pageFor(
  { core, passkeys }: OperatorService,
  request: SurfaceRequest,
  { name, isFromProvider }: OperatorSession,
  status: 200 | 400,
): Promise<Answer> {
  const held = await core.passkeys.list(operatorSubject(name))
  const { isPossible } = passkeys
  return passkeysPage(status, wordsFor(request), { name, held, isPossible, isFromProvider })
}

async function signedIn(
  { core }: OperatorService,
  request: SurfaceRequest,
): Promise<OperatorSession | undefined> {
  const token = readOperatorCookie(request)
  return token === undefined ? undefined : core.operatorSessions.find(token)
}

/** For those who may have passkeys: one would outlive an account at the identity provider. */
async function requireSignedIn(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<OperatorSession> {
  refuseAllButPages(request)
  const session = await signedIn(service, request)
  if (session === undefined) return refuse({ kind: 'credentials_missing' })
  if (!session.isFromProvider) return session
  return refuse({ kind: 'forbidden', reason: 'this operator signs in at an identity provider' })
}

/** `/console/passkeys`: an operator's own passkeys, and the challenges for them. */
import { Refusal, refuse } from '../../../domain/failure.ts'
import { operatorSubject } from '../../../domain/operator.ts'
import type { OperatorSession } from '../../../core/operator-sessions.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { readOperatorCookie } from '../../operator-cookie.ts'
import { passkeysPath, signInPath } from '../../operator-paths.ts'
import { refuseAllButPages } from '../../own-origin.ts'
import { passkeysPage } from './passkeys-page.ts'
import type { OperatorService, Proved } from './service.ts'
import { wordsFor } from './words.ts'

/** `POST /console/passkeys/challenge`: for an operator who wants to sign in. */
export async function askToSignIn(
  { passkeys, challenges }: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseAllButPages(request)
  await challenges.consume(request.clientAddress)
  return passkeys.askToSign()
}

/** Whose passkey has signed; people's are not taken here. */
export async function authenticateByPasskey(
  { core, passkeys }: OperatorService,
  request: SurfaceRequest,
  response: string,
): Promise<Proved> {
  const provedBy = await passkeys.authenticate(request, response)
  const { holder } = provedBy
  const prefix = operatorSubject('')
  const operator = holder.startsWith(prefix)
    ? await core.operators.find(holder.slice(prefix.length))
    : undefined
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
  await service.challenges.consume(request.clientAddress)
  return service.passkeys.askToRegister({ holder: operatorSubject(name), name })
}

/** `POST /console/passkeys`: keeps what the browser made, or removes one by its id. */
export async function changePasskeys(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  const session = await requireSignedIn(service, request)
  const { name } = session
  const holder = operatorSubject(name)
  const form = readForm(request)
  const removed = form.get('remove')
  const { requestId } = request
  try {
    if (removed === null) {
      const id = await service.passkeys.register(
        request,
        { holder, name },
        form.get('passkey') ?? '',
      )
      // An operator who was signed out meanwhile keeps no way back in.
      if ((await signedIn(service, request)) === undefined) {
        await service.core.passkeys.remove(holder, id, holder)
        return refuse({ kind: 'credentials_missing' })
      }
    } else await service.core.passkeys.remove(holder, removed, holder)
    const change = removed === null ? 'added' : 'removed'
    service.log.info({ requestId, operator: name, change }, 'passkey of an operator')
    return { status: 303, headers: { location: passkeysPath } }
  } catch (error) {
    const mendable = ['credentials_invalid', 'conflict']
    if (!(error instanceof Refusal && mendable.includes(error.failure.kind))) throw error
    return pageFor(service, request, session, 400)
  }
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

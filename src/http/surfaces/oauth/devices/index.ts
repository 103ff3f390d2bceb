/**
 * `/devices`: where a person is logged in, for that person, and how to end it. It owns the list,
 * the page and its stream; who looks is known by the sign-on of their browser, and what is ended is
 * a session like any other. It neither shows nor ends another person's session.
 */
import { defined } from '../../../../domain/defined.ts'
import { Refusal, refuse } from '../../../../domain/failure.ts'
import type { Reason } from '../../../../domain/revocation.ts'
import { noticePage } from '../../../form-page.ts'
import { readForm } from '../../../body.ts'
import type { Answer, SurfaceRequest } from '../../../surface.ts'
import { refuseOtherPages } from '../../../own-origin.ts'
import { findSignOn, forgetSignOn, formToken, isOwnForm, type SignOn } from '../browser.ts'
import { loginPath, showInteraction } from '../interaction.ts'
import { afterLogout } from '../logged-out.ts'
import { personOf } from '../person.ts'
import { problems } from '../../../problem.ts'
import type { OAuthService } from '../service.ts'
import { wordsFor } from '../words.ts'
import { ownDevices } from './own-devices.ts'
import { devicesPage, devicesPath } from './page.ts'
import { devicesWords } from './words.ts'

const FORM = 'devices'

/** `GET /devices`: the list; the login page for a person who is not logged in. */
export async function showDevices(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const signOn = await findSignOn(service, request)
  return signOn === undefined ? askWho(service, request) : list(service, request, signOn)
}

function askWho(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  return showInteraction(service, request, loginPath, { kind: 'page', path: devicesPath })
}

async function list(
  service: OAuthService,
  request: SurfaceRequest,
  signOn: SignOn,
  notice?: string,
): Promise<Answer> {
  const subject = await service.core.subjects.find({ by: 'id', value: signOn.subjectId })
  return devicesPage(wordsFor(request), {
    ...(await ownDevices(service, signOn)),
    person: subject === undefined ? signOn.subjectId : personOf(subject),
    token: tokenOf(service, request),
    hasPasskeys: service.passkeys.isPossible,
    ...defined({ notice }),
  })
}

/**
 * `POST /devices`: ends one session, or all but this. It answers once that holds at every verifier;
 * where this cannot be confirmed, the page says so.
 */
export async function submitDevices(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseOtherPages(request)
  const form = readForm(request)
  const signOn = await findSignOn(service, request)
  if (signOn === undefined) return askWho(service, request)
  if (!isOwnForm(service, request, FORM, form)) {
    return refuse({ kind: 'forbidden', reason: 'the form is not of this login' })
  }
  const words = wordsFor(request)
  const own = devicesWords[words.lang]
  const sid = form.get('sid') ?? ''
  try {
    switch (form.get('decision')) {
      case 'end':
        await endOwn(service, signOn, sid, 'logout')
        return sid === signOn.sid
          ? await leave(service, request, signOn)
          : await list(service, request, signOn, own.ended)
      case 'not-me':
        await endOwn(service, signOn, sid, 'compromised')
        return sid === signOn.sid
          ? await leave(service, request, signOn)
          : await list(service, request, signOn, own.notMeEnded)
      case 'others':
        await endOthers(service, signOn)
        return await list(service, request, signOn, own.othersEnded)
      default:
        return refuse({ kind: 'invalid_parameter', parameter: 'decision', reason: 'not known' })
    }
  } catch (error) {
    const status = error instanceof Refusal ? problems[error.failure.kind].status : 500
    if (status < 500) throw error
    return noticePage(status, words, words.failed, own.unsure)
  }
}

async function leave(
  service: OAuthService,
  request: SurfaceRequest,
  { sid }: SignOn,
): Promise<Answer> {
  const location = await afterLogout(service, { sids: [sid] })
  return { status: 303, headers: { location }, cookies: forgetSignOn(service, request) }
}

/**
 * Ends one session of the person who asks. Other people's sessions get the same answer as unknown
 * ones. The operator sees the reason in the entry: "compromised", by the person.
 */
async function endOwn(
  { core }: OAuthService,
  { subjectId }: SignOn,
  sid: string,
  reason: Reason,
): Promise<void> {
  const found = await core.sessions.find(sid)
  if (found?.subjectId !== subjectId) return refuse({ kind: 'not_found' })
  const note = reason === 'compromised' ? 'The person says: this was not me' : ''
  const actor = `subject:${subjectId}`
  await core.revoke({ scope: 'session', key: sid, reason, actor, note, wait: true })
}

const ROUND = 1000
/** More sessions than a person opens while the others are being ended. */
const MAX_ROUNDS = 50

async function endOthers(service: OAuthService, signOn: SignOn): Promise<void> {
  // Those that have expired as well: the clock here may be ahead.
  const notEnded = { subjectId: signOn.subjectId, liveAtMs: 0 }
  const page = { limit: ROUND, cursor: undefined }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { items } = await service.core.sessions.list(notEnded, page)
    const others = items.filter(({ session }) => session.sid !== signOn.sid)
    if (others.length === 0) {
      // Sessions that another call has just ended may not be confirmed everywhere yet.
      await service.core.awaitEnded({ wait: true })
      return
    }
    await Promise.all(
      others.map(({ session }) => endOwn(service, signOn, session.sid, 'logout_everywhere')),
    )
  }
  refuse({ kind: 'internal', reason: 'sessions are opened faster than they can be ended' })
}

function tokenOf(service: OAuthService, request: SurfaceRequest): string {
  return formToken(service, request, FORM) ?? refuse({ kind: 'credentials_missing' })
}

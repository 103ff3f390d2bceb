import type { Session, SessionStatus } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { viewerOf } from './authentication.ts'
import { readDeviceCaller, type DeviceCaller } from './caller.ts'
import { ADOBE_PASS, type Pass } from './pass.ts'

/** A device has one viewer, or a few in a row; more AuthN tokens than this are not looked at. */
const MOST_SESSIONS = 100

/**
 * `DELETE /api/v1/logout?requestor&deviceId` [S]: removes the AuthN and AuthZ tokens of the device
 * at that requestor. Answers 204 with an empty body, whether anybody was logged in or not.
 *
 * 1. Look at the live AuthN tokens: whose they are, and which generation of the device they carry.
 * 2. Raise that generation: one entry ends AuthN, AuthZ and media tokens alike, at every guard. A
 *    repeated logout finds it raised and adds nothing, so that it cannot end a login after the
 *    first.
 * 3. Only then, with the logout durable, tell the providers: the vendor's call never does [S].
 *
 * The requestor may be left out, as observed clients do: their credentials name it. Who knows a
 * device id can log the device out, here as there; `requireAccessToken` asks for more.
 *
 * @throws {Refusal} `missing_parameter`, `invalid_parameter`, and what `readDeviceCaller` refuses.
 */
export async function logout(pass: Pass, request: DialectRequest): Promise<Answer> {
  const caller = await readDeviceCaller(pass, request, { call: 'logout', evenDisabled: true })
  const sessions = await liveSessions(pass, caller)
  const [newest] = sessions
  const { revocation, receipt, added } = await pass.core.revoke({
    scope: 'device',
    key: caller.deviceKey,
    reason: 'logout',
    actor: newest === undefined ? `client:${caller.requestor.id}` : `subject:${newest.subjectId}`,
    seenGeneration: await seenGeneration(pass, caller, sessions),
    wait: request.waitForConfirmation,
  })
  if (added) tellProviders(pass, sessions, revocation.id)
  return { status: 204, receipt }
}

async function liveSessions(pass: Pass, caller: DeviceCaller): Promise<readonly Session[]> {
  const nowMs = pass.clock.nowMs()
  const filter = { deviceKey: caller.deviceKey, dialect: ADOBE_PASS, liveAtMs: nowMs }
  const page = { limit: MOST_SESSIONS, cursor: undefined }
  const { items } = await pass.store.listSessions(filter, nowMs, page)
  return items.map(({ session }: SessionStatus) => session)
}

/**
 * The generation that this logout ends. Without a live token it is the one before the present,
 * which an earlier logout has ended already; where there was none yet, it is the first.
 */
async function seenGeneration(
  pass: Pass,
  { requestor, deviceKey }: DeviceCaller,
  sessions: readonly Session[],
): Promise<number> {
  if (sessions.length > 0) {
    return Math.max(...sessions.map(({ generations }) => generations.device))
  }
  const of = { subjectId: deviceKey, clientId: requestor.id, deviceKey }
  const { device } = await pass.store.generations(of)
  return Math.max(0, device - 1)
}

/** One message for each viewer. A receiver that throws has not undone the logout. */
function tellProviders(pass: Pass, sessions: readonly Session[], revocationId: string): void {
  const { tellProvider } = pass.options
  if (tellProvider === undefined) return
  const viewers = new Map(sessions.map((session) => [session.subjectId, session]))
  for (const session of viewers.values()) {
    const { mvpd, userId } = viewerOf(session)
    const requestor = session.clientId
    try {
      tellProvider({ mvpd, userId, requestor, revocationId, atMs: pass.clock.nowMs() })
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      pass.core.dependencies.log.error({ mvpd, revocationId, reason }, 'cannot tell provider')
    }
  }
}

import type { Receipt } from '../../../domain/receipt.ts'
import type { Session } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication, viewerOf } from './authentication.ts'
import { readDeviceCaller, type DeviceCaller } from './caller.ts'
import { ADOBE_PASS, type Pass } from './pass.ts'

/** A device has one viewer, or a few in a row; more AuthN tokens than this are not looked at. */
const MOST_SESSIONS = 100

/**
 * `DELETE /api/v1/logout?requestor&deviceId` [S]: removes the AuthN and AuthZ tokens of the device
 * at that requestor. Answers 204 with an empty body, whether anybody was logged in or not.
 *
 * 1. Look at the device's AuthN token: whose it is, and which generation of the device it carries.
 * 2. Raise that generation: one entry ends AuthN, AuthZ and media tokens alike, at every guard,
 *    however many there are. A repeated logout finds it raised and adds nothing, so that it cannot
 *    end a login after the first.
 * 3. Only then, with the logout durable, tell the providers: the vendor's call never does [S].
 *
 * The requestor may be left out, as observed clients do: their credentials name it. Who knows a
 * device id can log the device out, here as there; `requireAccessToken` asks for more.
 *
 * @throws {Refusal} `missing_parameter`, `invalid_parameter`, and what `readDeviceCaller` refuses.
 */
export async function logout(pass: Pass, request: DialectRequest): Promise<Answer> {
  const caller = await readDeviceCaller(pass, request, { call: 'logout', evenDisabled: true })
  const session = await findAuthentication(pass, caller.deviceKey)
  const wait = request.waitForConfirmation
  const { revocation, receipt, added } = await pass.core.revoke({
    scope: 'device',
    key: caller.deviceKey,
    reason: 'logout',
    actor: session === undefined ? `client:${caller.requestor.id}` : `subject:${session.subjectId}`,
    seenGeneration: session?.generations.device ?? (await endedGeneration(pass, caller)),
    wait,
  })
  if (added && session !== undefined) void tellProviders(pass, session, revocation.id)
  return {
    status: 204,
    receipt: added ? receipt : ((await lastReceipt(pass, caller, wait)) ?? receipt),
  }
}

/**
 * Where a logout found nothing to end: the receipt of what ended the last AuthN token. The device's
 * own last logout may be older than that one.
 */
async function lastReceipt(
  pass: Pass,
  { deviceKey }: DeviceCaller,
  wait: boolean,
): Promise<Receipt | undefined> {
  const page = { limit: 1, cursor: undefined }
  const filter = { deviceKey, dialect: ADOBE_PASS }
  const [last] = (await pass.store.listSessions(filter, pass.clock.nowMs(), page)).items
  return last && pass.core.awaitEnded({ ended: { names: last.session }, wait })
}

/**
 * Without a live token: the generation before the present, which an earlier logout has ended
 * already; where there was none yet, the first.
 */
async function endedGeneration(
  pass: Pass,
  { requestor, deviceKey }: DeviceCaller,
): Promise<number> {
  const of = { subjectId: deviceKey, clientId: requestor.id, deviceKey }
  const { device } = await pass.store.generations(of)
  return Math.max(0, device - 1)
}

/**
 * Tells the provider of every viewer whom the logout ended. Never rejects: the logout stands, and
 * its answer is on its way.
 */
async function tellProviders(pass: Pass, ended: Session, revocationId: string): Promise<void> {
  const { tellProvider } = pass.options
  if (tellProvider === undefined) return
  const atMs = pass.clock.nowMs()
  try {
    const viewers = await viewersOf(pass, ended, atMs)
    for (const session of viewers) {
      const { mvpd, userId } = viewerOf(session)
      tellProvider({ mvpd, userId, requestor: session.clientId, revocationId, atMs })
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    pass.core.dependencies.log.error({ revocationId, reason }, 'cannot tell providers')
  }
}

/** One session for each viewer that was logged in on the device until its generation was raised. */
async function viewersOf(pass: Pass, ended: Session, nowMs: number): Promise<Iterable<Session>> {
  const { deviceKey = '', generations } = ended
  const page = { limit: MOST_SESSIONS, cursor: undefined }
  const { items } = await pass.store.listSessions({ deviceKey, dialect: ADOBE_PASS }, nowMs, page)
  const theirs = items
    .map(({ session }) => session)
    .filter(({ generations: { device } }) => device === generations.device)
    .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
  return new Map(theirs.map((session) => [session.subjectId, session])).values()
}

import { namesOfStored } from '../../../core/find-ending.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { SessionStatus } from '../../../domain/session.ts'
import type { Route } from '../../surface.ts'
import { optional, text } from '../../schema.ts'
import { receiptHeaderForms } from '../../receipt-headers.ts'
import { findAuthentication, generationsOfDevice, lastAuthentication } from './authentication.ts'
import { isLoginOnItsWay } from './login.ts'
import type { Pass } from './pass.ts'
import { deviceRoutes, type DeviceCaller } from './device-call.ts'
import { logoutActions, logoutActionsDocument } from './logout-actions.ts'
import { redirectAddress } from './redirect.ts'
import { error } from './wire.ts'

/**
 * `DELETE /api/v1/logout?requestor&deviceId` [S]: removes the AuthN and AuthZ tokens of the device
 * at that requestor. Answers 204 with an empty body, whether a viewer was logged in or not.
 *
 * 1. Look at the device's AuthN token: whose it is, and which generation of the device it carries.
 * 2. Raise that generation: one entry ends AuthN, AuthZ and media tokens alike, at every guard,
 *    however many there are. A repeated logout finds it raised and adds nothing, so that it cannot
 *    end a login after the first.
 *
 * The provider is told afterwards, as of every other end of its viewers' sessions: the vendor's
 * call never does [S].
 *
 * A client that sends `redirectUrl`, as in version 2 [F], gets the answer of version 2: what a
 * browser has to do at the provider.
 *
 * The requestor may be left out, as observed clients do: their credentials name it. Who knows a
 * device id can log the device out, here as there; `requireAccessToken` asks for more.
 */
export function logoutRoutes(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'DELETE',
      path: '/api/v1/logout',
      summary: 'Log a device out',
      description:
        'Ends the AuthN token of the device at the requestor, and with it its authorizations and ' +
        'outstanding media tokens, before it answers. Then the TV provider is told. With ' +
        'redirectUrl the answer is 200 and says what a browser has to do at the provider.',
      query: {
        redirectUrl: optional(
          text(4096, {
            description:
              'Asks for the answer of version 2: where a browser comes back to; http or https',
          }),
        ),
      },
      responses: {
        200: logoutActionsDocument,
        204: {
          description: 'No viewer is logged in on the device any more',
          headers: receiptHeaderForms,
        },
        400: error('The device id is missing, or there is no such requestor'),
      },
      name: 'logout',
      evenDisabled: true,
    },
    async (caller, call) => {
      const given = call.query('redirectUrl')
      const wait = call.request.waitForConfirmation
      if (given === undefined) {
        return call.empty(204, { receipt: await endDevice(pass, caller, wait) })
      }
      const redirect = redirectAddress(pass, caller.requestor, { parameter: 'redirectUrl', given })
      // Before the end: the session says at which provider it was.
      const actions = await logoutActions(pass, caller, redirect)
      return call.json(200, actions, { receipt: await endDevice(pass, caller, wait) })
    },
  )
}

async function endDevice(pass: Pass, caller: DeviceCaller, wait: boolean): Promise<Receipt> {
  const session = await findAuthentication(pass, caller.deviceKey)
  // The device's own last logout may be older than what ended its last login.
  const last = session ? undefined : await lastAuthentication(pass, caller.deviceKey)
  const named = session ?? last?.session
  const { receipt } = await pass.core.revoke({
    scope: 'device',
    key: caller.deviceKey,
    reason: 'logout',
    actor: session === undefined ? `client:${caller.requestor.id}` : `subject:${session.subjectId}`,
    ifGeneration: session?.generations.device ?? (await endedGeneration(pass, caller, last)),
    ...(named === undefined ? {} : { names: namesOfStored(named) }),
    wait,
  })
  return receipt
}

/**
 * Without a live token: the generation before the present, which an earlier logout has ended
 * already; where there was none yet, the first. The present one where a login is on its way, which
 * may have begun in it and has to find it raised, and where the last login has expired in it: the
 * clock here may be ahead.
 */
async function endedGeneration(
  pass: Pass,
  { requestor, deviceKey }: DeviceCaller,
  last: SessionStatus | undefined,
): Promise<number> {
  const generations = await generationsOfDevice(pass, requestor.id, deviceKey)
  const { device } = generations
  if (await isLoginOnItsWay(pass, deviceKey, generations)) return device
  const expired = last?.state === 'expired' ? last.session.generations.device : 0
  return Math.max(device - 1, expired)
}

import { addressMatcher } from '../http/client-address.ts'
import { ADOBE_PASS, viewerOf } from '../http/dialects/adobe-pass/index.ts'
import type { Clock } from '../ports/clock.ts'
import type { Receiver } from '../ports/delivery.ts'
import { createMvpdReceiver } from '../receivers/mvpd.ts'
import { createPost } from '../receivers/post.ts'
import { filledIn } from '../settings/read.ts'
import type { Config } from './config.ts'

/** Every kind of receiver that is told of what ended: the TV providers, and the installation's own. */
export function openReceivers(
  { allowedPrivateAddresses, dialects, receivers, demo }: Config,
  clock: Clock,
): readonly Receiver[] {
  const post = createPost({
    isListed: addressMatcher(allowedPrivateAddresses),
    setting: 'allowedPrivateAddresses',
    nowMs: () => clock.nowMs(),
  })
  const mvpd = createMvpdReceiver({
    providers: dialects.adobePass.options.mvpds ?? [],
    dialect: ADOBE_PASS,
    viewerOf,
    clock,
    post,
  })
  const own = receivers.map(({ receiver, options = {} }) =>
    receiver.create({ clock, post }, filledIn(receiver.options, options, demo)),
  )
  return [mvpd, ...own]
}

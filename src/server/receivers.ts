import { addressMatcher } from '../http/client-address.ts'
import { ADOBE_PASS, viewerOf } from '../http/dialects/adobe-pass/index.ts'
import type { Clock } from '../ports/clock.ts'
import type { Receiver } from '../ports/delivery.ts'
import { createMvpdReceiver } from '../receivers/mvpd.ts'
import { createExchange } from '../receivers/exchange.ts'
import { createPost, type Post } from '../receivers/post.ts'
import { createProviderReceiver } from '../receivers/providers/index.ts'
import { filledIn } from '../settings/read.ts'
import type { Config } from './config.ts'

/**
 * Every kind of receiver that is told of what ended, but for the TV providers: identity providers,
 * and the installation's own.
 */
export function openReceivers(config: Config, clock: Clock): readonly Receiver[] {
  const provider = createProviderReceiver({
    issuers: config.issuers.flatMap(({ name, issuer, tell }) =>
      tell === undefined ? [] : [{ name, issuer, tell }],
    ),
    // The operator has named each address beside the credentials that it gets.
    exchange: createExchange({ isListed: () => true, setting: 'issuers' }),
    clock,
  })
  const context = { clock, post: postOf(config, clock) }
  const own = config.receivers.map(({ receiver, options = {} }) =>
    receiver.create(context, filledIn(receiver.options, options, config.demo)),
  )
  return [provider, ...own]
}

/** What tells the TV providers of a configuration. */
export function openMvpds(config: Config, clock: Clock): Receiver {
  return createMvpdReceiver({
    providers: config.dialects.adobePass.options.mvpds ?? [],
    dialect: ADOBE_PASS,
    viewerOf,
    clock,
    post: postOf(config, clock),
  })
}

function postOf({ allowedPrivateAddresses }: Config, clock: Clock): Post {
  return createPost({
    isListed: addressMatcher(allowedPrivateAddresses),
    setting: 'allowedPrivateAddresses',
    nowMs: () => clock.nowMs(),
  })
}

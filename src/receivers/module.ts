import { defined } from '../domain/defined.ts'
import type { Clock } from '../ports/clock.ts'
import type { Receiver } from '../ports/delivery.ts'
import type { Group } from '../settings/schema.ts'
import type { Post } from './post.ts'

/** What a receiver is given. */
export interface ReceiverContext {
  readonly clock: Clock
  /** Posts JSON to where messages may be sent, and says what the answer means. */
  readonly post: Post
}

/** A receiver of an installation's own, with settings: see `docs/deliveries.md`. */
export interface ReceiverModule {
  /** The prefix, before the colon, in the names of its receivers. Letters, digits and hyphens. */
  readonly kind: string
  /** Schema of its options. */
  readonly options: Group<unknown>
  create(context: ReceiverContext, options: unknown): Receiver
}

/** Makes a module of a receiver, which is created with options that its schema has accepted. */
export function defineReceiver<Options>(module: {
  readonly kind: string
  readonly options: Group<Options>
  create(context: ReceiverContext, options: Options): Omit<Receiver, 'kind'>
}): ReceiverModule {
  const { kind, options } = module
  return {
    kind,
    options: options as unknown as Group<unknown>,
    create(context, settings) {
      const made = module.create(context, settings as Options)
      const { issuers } = made
      const configured = made.configured?.bind(made)
      return {
        kind,
        dialects: made.dialects,
        ...defined({ issuers, configured }),
        owesForeign: (entry) => made.owesForeign?.(entry),
        owes: (ended) => made.owes(ended),
        send: (delivery, signal) => made.send(delivery, signal),
      }
    },
  }
}

/** The setting that names the receivers which an installation has written itself. */
import type { ReceiverModule } from '../receivers/module.ts'
import { BACKCHANNEL } from '../receivers/backchannel.ts'
import { MVPD } from '../receivers/mvpd/index.ts'
import { PROVIDER } from '../receivers/providers/index.ts'
import { isPlainObject } from '../settings/read.ts'
import { checked, group, list, optional, type Setting } from '../settings/schema.ts'

export interface OwnReceiver {
  readonly receiver: ReceiverModule
  readonly options?: Readonly<Record<string, unknown>>
}

export function ownReceiversSetting(): Setting<readonly OwnReceiver[]> {
  const receiver = checked<ReceiverModule>({ allowed: 'what `defineReceiver` makes' }, (value) =>
    ['kind', 'options', 'create'].every((name) => Object.hasOwn(Object(value), name)),
  )
  // Held against the module's own schema by `config-rules.ts`.
  const options = checked<Readonly<Record<string, unknown>>>({ allowed: 'settings' }, isPlainObject)
  return list(
    group<OwnReceiver>(
      { receiver, options: optional(options) },
      { allowed: '`{ receiver, options }`' },
    ),
    {
      description: 'receivers of your own: see [deliveries.md](deliveries.md#a-new-receiver)',
      default: [],
      allowed: 'a list of `{ receiver, options }`',
    },
  )
}

/** The kinds that are there already. */
const builtIn: readonly string[] = [MVPD, PROVIDER, BACKCHANNEL]

/** Every kind is one receiver: the name of each that is told begins with it. */
export function kindProblems(receivers: readonly OwnReceiver[]): readonly string[] {
  const kinds = receivers.map(({ receiver }) => receiver.kind)
  return kinds.flatMap((kind, at) => {
    const said = `receivers[${String(at)}].receiver is of the kind "${kind}"`
    if (!/^[A-Za-z0-9-]{1,64}$/.test(kind)) return `${said}; allowed: letters, digits and hyphens`
    const isTaken = builtIn.includes(kind) || kinds.indexOf(kind) < at
    return isTaken ? `${said}, as another; allowed: each once` : []
  })
}

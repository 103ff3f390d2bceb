import { Option, type Command } from 'commander'
import { deliveryStates, type DeliveryState, type WireDelivery } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { withList } from '../list.ts'
import type { Column } from '../output.ts'
import type { Shell } from '../shell.ts'
import { stateStyle } from '../style.ts'

const columns: readonly Column<WireDelivery>[] = [
  { title: 'DELIVERY', value: ({ id }) => id },
  { title: 'STATE', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'RECEIVER', value: ({ receiver }) => receiver },
  { title: 'SUBJECT', value: ({ subject }) => subject },
  { title: 'ATTEMPTS', value: ({ attempts }) => String(attempts) },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'LAST ERROR', value: ({ lastError }) => lastError ?? '' },
]

interface DeliveryFlags {
  readonly state?: DeliveryState
  readonly receiver?: string
}

/** `outright deliveries …`: what others must be told. */
export function addDeliveries(program: Command, shell: Shell): void {
  const deliveries = program
    .command('deliveries')
    .summary('list what others must be told, and have it tried again')
    .description('Deliveries: what others must be told because something ended.')
  addList(deliveries, shell)
  addRetry(deliveries, shell)
}

function addList(deliveries: Command, shell: Shell): void {
  const list = deliveries
    .command('list')
    .description('Lists deliveries, newest first.')
    .addOption(new Option('--state <state>', 'only in this state').choices(deliveryStates))
    .option('--receiver <name>', 'only to this receiver')
  withList(list, shell, { columns, none: 'no deliveries' }, (client, page, filter: DeliveryFlags) =>
    client.deliveries(filter, page),
  )
  withExamples(list, [
    'outright deliveries list --state dead',
    'outright deliveries list --receiver mvpd:DemoMVPD --limit all --json',
  ])
}

function addRetry(deliveries: Command, shell: Shell): void {
  const retry = deliveries
    .command('retry')
    .description('Has a dead or owed delivery tried again now, as if it had never been tried.')
    .argument('<delivery>', 'id of the delivery')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const delivery = await client.retryDelivery(id)
      shell.output(command).result(`${delivery.id} is tried again now`, delivery)
    })
  withExamples(retry, ['outright deliveries retry 4cf1a4a0-1111-8222-9333-444455556666'])
}

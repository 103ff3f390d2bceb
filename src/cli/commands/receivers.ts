import type { Command } from 'commander'
import type { WireReceiver } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { withList } from '../list.ts'
import type { Column } from '../output.ts'
import type { Shell } from '../shell.ts'

const columns: readonly Column<WireReceiver>[] = [
  { title: 'RECEIVER', value: ({ name }) => name },
  {
    title: 'CONFIGURED',
    value: ({ configured }) => (configured ? 'yes' : 'no'),
    style: ({ configured }) => (configured ? undefined : 'yellow'),
  },
  { title: 'TOLD BY', value: ({ standard }) => standard ?? '' },
  { title: 'HOST', value: ({ host }) => host ?? '' },
  { title: 'OWED', value: ({ owed }) => String(owed) },
  {
    title: 'DEAD',
    value: ({ dead }) => String(dead),
    style: ({ dead }) => (dead > 0 ? 'red' : undefined),
  },
  { title: 'OLDEST OWED', value: ({ oldestOwedAt }) => oldestOwedAt ?? '' },
  { title: 'LAST DELIVERED', value: ({ lastDeliveredAt }) => lastDeliveredAt ?? '' },
  {
    title: 'LAST FAILURE',
    value: ({ lastFailure }) =>
      lastFailure === null ? '' : `${lastFailure.at} ${lastFailure.reason}`,
    style: ({ lastFailure }) => (lastFailure === null ? undefined : 'red'),
  },
]

/** `outright receivers …`: who is told. */
export function addReceivers(program: Command, shell: Shell): void {
  const receivers = program
    .command('receivers')
    .summary('list who is told of what ended, and how that goes')
    .description('Receivers: systems that are told of what ended.')
  const list = receivers
    .command('list')
    .description(
      'Lists who is told of what ended, by name: what each is owed, what was given up, when it last took a message, and why the newest attempt failed where it did. One that is not configured any more is listed for as long as deliveries to it are kept.',
    )
  withList(list, shell, { columns, none: 'no receivers' }, (client, page) => client.receivers(page))
  withExamples(list, ['outright receivers list', 'outright receivers list --limit all --json'])
}

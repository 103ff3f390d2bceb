/** Ends sessions as fast as it can and prints the id of each entry once it is answered. */
import { revocation, times } from '../../src/stores/contract/samples.ts'
import { openNode } from './temporary-postgres.ts'

const node = await openNode(process.argv[2] ?? '', 'north')
await Promise.all(
  times(64, async () => {
    for (;;) {
      const { revocation: entry } = await node.revoke(revocation())
      process.stdout.write(`${entry.id}\n`)
    }
  }),
)

import type { JudgedEntry } from '../../domain/plan-cut.ts'
import type { Revocation } from '../../domain/revocation.ts'
import type { Store } from '../../ports/store.ts'
import type { BrokenStore } from './broken-store.ts'

export const brokenCuts: readonly BrokenStore[] = [
  {
    name: 'cuts without a checkpoint',
    caughtBy: 'cut: what is old and over',
    overrides: () => ({ readCheckpoints: () => Promise.resolve([]) }),
  },
  {
    name: 'moves the checkpoint and leaves what was cut',
    caughtBy: 'cut: what is old and over',
    overrides: (store) => ({ cut: (command) => store.cut({ ...command, removes: [] }) }),
  },
  {
    name: 'removes everything before the checkpoint',
    caughtBy: 'cut: what a verifier must still know',
    overrides: (store) => ({
      cut(command) {
        const removes = Array.from({ length: command.checkpoint.sequence }, (_, at) => at + 1)
        return store.cut({ ...command, removes })
      },
    }),
  },
  {
    name: 'forgets that sessions outlive the time of verifiers',
    caughtBy: 'cut: what ended a session',
    overrides: (store) => judging(store, ({ generation }, counts) => counts && generation > 0),
  },
  {
    name: 'forgets what the counters point to',
    caughtBy: 'cut: the last raise of a counter',
    overrides: (store) => judging(store, ({ generation }, counts) => counts && generation === 0),
  },
  {
    name: 'keeps of the raises of a counter the last alone',
    caughtBy: 'cut: which raise ended a session',
    overrides: (store) =>
      judging(store, ({ scope, generation }, counts) =>
        scope === 'subject' && generation === 1 ? false : counts,
      ),
  },
  {
    name: 'cuts what deliveries have not seen',
    caughtBy: 'cut: what is not planned',
    overrides: (store) => ({
      readCuttable: async (request) => ({
        ...(await store.readCuttable(request)),
        planned: Number.MAX_SAFE_INTEGER,
      }),
    }),
  },
  {
    name: 'lets two cut at once',
    caughtBy: 'cut: of two at once',
    overrides: (store) => ({
      async cut(command) {
        const [checkpoint] = await store.readCheckpoints()
        return store.cut({ ...command, replaces: checkpoint?.seal })
      },
    }),
  },
  {
    name: 'reads what was kept from the first on, wherever the last look ended',
    caughtBy: 'readCuttable: at most the limit',
    overrides: (store) => ({
      readCuttable: (request) => store.readCuttable({ ...request, keptAfter: 0 }),
    }),
  },
  {
    name: 'does not bound what a cut reads',
    caughtBy: 'readCuttable: at most the limit',
    overrides: (store) => ({
      readCuttable: (request) =>
        store.readCuttable({ ...request, limit: Math.min(Math.max(request.limit, 1), 10_000) }),
    }),
  },
]

function judging(
  store: Store,
  judge: (entry: Revocation, counts: boolean) => boolean,
): Partial<Store> {
  const judged = (entries: readonly JudgedEntry[]): readonly JudgedEntry[] =>
    entries.map(({ entry, counts }) => ({ entry, counts: judge(entry, counts) }))
  return {
    async readCuttable(request) {
      const read = await store.readCuttable(request)
      return { ...read, kept: judged(read.kept), next: judged(read.next) }
    },
  }
}

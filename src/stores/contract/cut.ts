import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { removedBy, type Checkpoint } from '../../domain/checkpoint.ts'
import { planCut, type CutCommand } from '../../domain/plan-cut.ts'
import type { Revocation } from '../../domain/revocation.ts'
import { StreamVerifier } from '../../domain/stream-verifier.ts'
import type { Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { end, login, planAll } from './delivery-samples.ts'
import {
  allLive,
  mintId,
  now,
  openWithToken,
  refuses,
  revocation,
  rotation,
  session,
  times,
} from './samples.ts'

const day = 86_400_000
const old = { atMs: now - 100 * day } as const
const beforeMs = now - 10 * day

function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}

/** What one step would do; undefined where nothing is to be cut. */
async function plan(
  store: Store,
  { keptAfter = 0, limit = 100 } = {},
): Promise<CutCommand | undefined> {
  const { stream } = store
  const [checkpoint] = await store.readCheckpoints()
  const after = checkpoint?.sequence ?? 0
  const read = await store.readCuttable({ stream, beforeMs, after, keptAfter, limit })
  const below = (await store.head()).get(stream) ?? 0
  const terms = { stream, beforeMs, below, atMs: now, actor: 'retention' }
  const step = planCut(read, terms, sha256)
  assert.notEqual(step.kind, 'broken', JSON.stringify(step))
  return step.kind === 'cut' ? step : undefined
}

async function cutAll(store: Store, limit?: number): Promise<void> {
  await planAll(store)
  for (let step = 0; ; step += 1) {
    assert.ok(step < 1000, 'cutting does not end')
    const next = await plan(store, limit === undefined ? {} : { limit })
    if (next === undefined) return
    assert.equal(await store.cut(next), true, 'no other cut is under way')
  }
}

/** All that is there of the stream, in order. */
async function left(store: Store): Promise<readonly Revocation[]> {
  return store.readStream(store.stream, 0, 10_000)
}

async function assertVerifies(store: Store): Promise<Checkpoint | undefined> {
  const [checkpoint] = await store.readCheckpoints()
  const verifier = new StreamVerifier(checkpoint, sha256)
  assert.equal(verifier.follow(await left(store)), undefined)
  assert.equal(verifier.end((await store.head()).get(store.stream) ?? 0), undefined)
  return checkpoint
}

export const cutChecks: readonly Check[] = [
  {
    name: 'cut: what is old and over goes, the rest and the last entry stay, and the chain holds',
    async run(subject) {
      const { store } = subject
      await Promise.all(times(30, () => store.revoke(revocation(old))))
      const recent = await store.revoke(revocation())
      await Promise.all(times(5, () => store.revoke(revocation(old))))
      const head = await store.head()
      await cutAll(store, 7)
      const sequences = (await left(store)).map(({ sequence }) => sequence)
      assert.deepEqual(sequences, [31, 32, 33, 34, 35, 36])
      const checkpoint = await assertVerifies(store)
      assert.equal(checkpoint?.sequence, 30)
      assert.equal(checkpoint.hash, recent.revocation.previousHash)
      assert.deepEqual(
        [checkpoint.kept, checkpoint.beforeMs, checkpoint.atMs, checkpoint.actor],
        [0, beforeMs, now, 'retention'],
      )
      assert.deepEqual(await store.head(), head, 'the head does not move')
      const reopened = await subject.reopen()
      assert.deepEqual(await assertVerifies(reopened), checkpoint)
      const { revocation: next } = await reopened.revoke(revocation())
      assert.equal(next.sequence, 37)
      await assertVerifies(reopened)
    },
  },
  {
    name: 'cut: a stream that is old as a whole keeps its last entry, and goes on',
    async run(subject) {
      const { store } = subject
      await Promise.all(times(10, () => store.revoke(revocation(old))))
      await cutAll(store)
      assert.deepEqual(
        (await left(store)).map(({ sequence }) => sequence),
        [10],
      )
      const reopened = await subject.reopen()
      assert.equal((await reopened.revoke(revocation())).revocation.sequence, 11)
      await assertVerifies(reopened)
    },
  },
  {
    name: 'cut: what a verifier must still know stays, and is found and live as before',
    async run({ store }) {
      await store.openSession(session({ accessLifetimeMs: 60 * day, expiresAtMs: now + 60 * day }))
      const key = mintId()
      const foreign = { issuer: 'https://idp.example', scope: 'token', ...old } as const
      const kept = [
        await store.revoke(revocation({ ...foreign, key })),
        await store.revoke(revocation({ scope: 'token', key, ...old })),
      ].map(({ revocation: entry }) => entry)
      const short = { ...foreign, foreignForgetAfterMs: old.atMs }
      const gone = (await store.revoke(revocation(short))).revocation
      await store.revoke(revocation())
      const live = await allLive(store, beforeMs)
      await cutAll(store)
      assert.equal(await store.findRevocation(gone.id), undefined)
      for (const entry of kept) assert.deepEqual(await store.findRevocation(entry.id), entry)
      assert.deepEqual(await allLive(store, beforeMs), live)
      const again = await store.revoke(revocation({ ...foreign, key }))
      assert.deepEqual(again, { revocation: kept[0], added: false })
      assert.equal((await assertVerifies(store))?.kept, 2)
    },
  },
  {
    name: 'cut: what ended a session stays for as long as the session is stored',
    async run({ store }) {
      const { sid, token } = await openWithToken(store, { createdAtMs: old.atMs })
      await store.revoke(revocation({ key: sid, ...old }))
      await store.revoke(revocation(old))
      await store.revoke(revocation())
      await cutAll(store)
      assert.equal((await store.rotate(rotation(token))).kind, 'revoked')
      assert.equal((await left(store)).length, 2)
      await store.sweep(now + 400 * day, 100)
      await cutAll(store)
      assert.equal((await left(store)).length, 1)
      const checkpoint = await assertVerifies(store)
      assert.equal(checkpoint && removedBy(checkpoint), 2)
    },
  },
  {
    name: 'cut: the last raise of a counter stays, and answers who repeats the logout',
    async run({ store }) {
      const raise = { scope: 'subject', key: 'maria', ...old } as const
      const raises = [await store.revoke(revocation(raise)), await store.revoke(revocation(raise))]
      await store.revoke(revocation())
      await cutAll(store)
      const [first, last] = raises.map(({ revocation: entry }) => entry)
      assert.equal(await store.findRevocation(first?.id ?? ''), undefined)
      const repeated = await store.revoke(revocation({ ...raise, ifGeneration: 0 }))
      assert.deepEqual(repeated, { revocation: last, added: false })
      const place = { scope: 'subject', key: 'maria', fromGeneration: 1 } as const
      assert.deepEqual(await store.findEnding([place]), last)
      // The next raise takes its place.
      const next = await store.revoke(revocation({ ...raise, atMs: now }))
      assert.equal(next.revocation.generation, 3)
      await cutAll(store)
      assert.equal(await store.findRevocation(last?.id ?? ''), undefined)
      assert.equal((await assertVerifies(store))?.kept, 0)
    },
  },
  {
    name: 'cut: which raise ended a session is known for as long as the session is stored',
    async run({ store }) {
      const sid = await login(store, { subjectId: 'ana', createdAtMs: old.atMs })
      const raise = { scope: 'subject', key: 'ana', ...old } as const
      await store.revoke(revocation(raise))
      assert.deepEqual(await planAll(store), [sid])
      await store.revoke(revocation(raise))
      await store.revoke(revocation())
      await cutAll(store)
      await store.revoke(revocation({ scope: 'client', key: 'web' }))
      assert.deepEqual(await planAll(store), [], 'it had ended before')
    },
  },
  {
    name: 'cut: which raise ended a session is known, also where a wrong clock made it look old',
    async run({ store }) {
      const sid = await login(store)
      await end(store, 'device', 'box', now - 100 * day)
      assert.deepEqual(await planAll(store), [sid])
      await end(store, 'device', 'box')
      await cutAll(store)
      await end(store, 'session', sid)
      assert.deepEqual(await planAll(store), [], 'it was told of before')
    },
  },
  {
    name: 'cut: what is not planned blocks it',
    async run({ store }) {
      await Promise.all(times(5, () => store.revoke(revocation(old))))
      assert.equal(await plan(store), undefined)
      const ends = await store.readEnds({ stream: undefined, dialects: [], issuers: [], limit: 2 })
      assert.ok(ends && (await store.planDeliveries({ ...ends, owed: [] })))
      assert.equal((await plan(store))?.checkpoint.sequence, 2)
      await planAll(store)
      assert.equal((await plan(store))?.checkpoint.sequence, 4)
    },
  },
  {
    name: 'cut: of two at once one is done, and the other changes nothing',
    async run({ store }) {
      await Promise.all(times(20, () => store.revoke(revocation(old))))
      await planAll(store)
      const [short, long] = [await plan(store, { limit: 3 }), await plan(store)]
      assert.ok(short && long)
      const outcomes = await Promise.all([store.cut(short), store.cut(long)])
      assert.deepEqual(outcomes, [true, false])
      assert.equal((await left(store)).length, 17)
      await assertVerifies(store)
      const next = await plan(store, { limit: 4 })
      assert.ok(next)
      assert.equal(await store.cut({ ...next, replaces: undefined }), false)
      assert.equal(await store.cut({ ...next, replaces: 'another' }), false)
      assert.equal(await store.cut(next), true)
      await assertVerifies(store)
    },
  },
  {
    name: 'readCuttable: at most the limit of both, and of what was kept what lies behind a number',
    async run({ store }) {
      const raise = (index: number) => revocation({ scope: 'subject', key: `s${index}`, ...old })
      for (let index = 1; index <= 10; index += 1) await store.revoke(raise(index))
      await store.revoke(revocation())
      await cutAll(store)
      const { stream } = store
      const request = { stream, beforeMs, after: 10, keptAfter: 0, limit: 4 }
      const numbers = async (keptAfter: number) =>
        (await store.readCuttable({ ...request, keptAfter })).kept.map((one) => one.entry.sequence)
      assert.deepEqual(await numbers(0), [1, 2, 3, 4])
      assert.deepEqual(await numbers(8), [9, 10])
      assert.deepEqual(await numbers(10), [])
      assert.equal((await store.readCuttable(request)).next.length, 1)
      const other = { ...request, stream: 'of another node' }
      assert.deepEqual((await store.readCuttable(other)).next, [])
      for (const limit of [0, 10_001]) {
        await refuses(store.readCuttable({ ...request, limit }), 'invalid_parameter')
      }
    },
  },
  {
    name: 'cut: logouts, refreshes and lists go on meanwhile',
    async run({ store }) {
      await Promise.all(times(300, () => store.revoke(revocation(old))))
      const { sid, token } = await openWithToken(store)
      const cutting = cutAll(store, 20)
      const ended = await Promise.all(times(200, () => store.revoke(revocation())))
      assert.equal((await store.rotate(rotation(token))).kind, 'rotated')
      assert.equal((await store.revoke(revocation({ key: sid }))).added, true)
      await cutting
      await cutAll(store)
      assert.ok(ended.every(({ added }) => added))
      const page = await store.listRevocations({}, { limit: 1000, cursor: undefined })
      assert.equal(page.items.length, 201)
      await assertVerifies(store)
    },
  },
]

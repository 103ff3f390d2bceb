/**
 * Ways to get deliveries wrong, one at a time: what is planned, claimed, sent and settled wrongly.
 * The fleets must find every one of them.
 */
import type { Session } from '../../../src/domain/session.ts'
import type { Receiver } from '../../../src/ports/delivery.ts'
import type { Store } from '../../../src/ports/store.ts'
import { calm, retries, type BrokenFleet } from './broken-fleet.ts'
import { altered, type Sabotage } from './sabotage.ts'

const untold = /was never told/

export const brokenDeliveries: Readonly<Record<string, BrokenFleet>> = {
  'what is owed is stored after the commit that moves the cursor': {
    firstSeed: 33,
    variant: { ...retries, sabotage: () => ({ store: planningInTwoCommits }) },
    symptom: untold,
  },
  'what is owed is derived from ends by name alone': {
    variant: {
      ...calm,
      sabotage: () => ({
        store: (real) =>
          altered(real, {
            async readEnds(request) {
              const ends = await real.readEnds(request)
              const ended = ends?.ended.filter(({ entry }) => entry.generation === 0) ?? []
              return ends && { ...ends, ended }
            },
          }),
      }),
    },
    symptom: untold,
  },
  'what a server had claimed when it died is never taken over': {
    variant: { ...retries, sabotage: claimedForEver },
    symptom: untold,
  },
  'what was sent counts as delivered, whatever the answer': {
    variant: {
      ...calm,
      sabotage: () => ({
        store: (real) =>
          altered(real, {
            settleDelivery: (command) => real.settleDelivery({ ...command, state: 'delivered' }),
          }),
      }),
    },
    symptom: untold,
  },
  'a message has a new id each time': {
    variant: { ...calm, sabotage: () => ({ store: withNewIds }) },
    symptom: /the provider was told of the end of .* under \d ids/,
  },
  'the session that was opened last is told of as well': {
    variant: { ...calm, sabotage: () => ({ store: tellingOfOthers }) },
    symptom: /was told of .*, which lives/,
  },
  'clients that have joined a session are told nothing': {
    variant: {
      ...calm,
      sabotage: () => ({
        store: (real) =>
          altered(real, {
            async readEnds(request) {
              const ends = await real.readEnds(request)
              const ended = ends?.ended.filter(({ session }) => session.participantId === '') ?? []
              return ends && { ...ends, ended }
            },
          }),
      }),
    },
    symptom: /a relying party was never told/,
  },
  'a logout token is signed once and sent again': {
    variant: { ...calm, sabotage: () => ({ sign: signingOnce() }) },
    symptom: /the jti .* came twice/,
  },
  'a message goes out when the one before it is settled, whatever its subject': {
    variant: { ...calm, outage: true, sabotage: () => ({ receivers: oneAtATime }) },
    symptom: /was kept waiting by/,
  },
  'the next message on a subject does not wait for the one before it': {
    variant: {
      ...calm,
      sabotage: () => ({
        store: (real) =>
          altered(real, {
            planDeliveries: ({ owed, ...plan }) =>
              real.planDeliveries({
                ...plan,
                owed: owed.map((one) => ({ ...one, subject: one.id })),
              }),
          }),
      }),
    },
    symptom: /was told in the wrong order/,
  },
  'what one server has claimed another one settles': {
    variant: { ...calm, outage: true, servers: 2, sabotage: () => ({ store: settlingOfOthers }) },
    symptom: /was claimed twice at once|was claimed again/,
  },
  'what fails for the first time is given up': {
    variant: {
      ...calm,
      sabotage: () => ({
        store: (real) =>
          altered(real, {
            settleDelivery: (command) =>
              real.settleDelivery({
                ...command,
                state: command.state === 'owed' ? 'dead' : command.state,
              }),
          }),
      }),
    },
    symptom: /was given up/,
  },
}

/** A server may die between the two. */
function planningInTwoCommits(real: Store): Store {
  return altered(real, {
    async planDeliveries({ version, ...plan }) {
      if (!(await real.planDeliveries({ version, ...plan, owed: [] }))) return false
      await real.planDeliveries({ version: version + 1, ...plan })
      return true
    },
  })
}

function claimedForEver(): Sabotage {
  const holders = new Map<string, string | undefined>()
  return {
    store: (real) =>
      altered(real, {
        async claimDeliveries(command) {
          const claimed = await real.claimDeliveries(command)
          return claimed.filter(({ id, claimedBy }) => {
            const holder = holders.get(id) ?? claimedBy
            holders.set(id, holder)
            return holder === claimedBy
          })
        },
        async settleDelivery(command) {
          const settled = await real.settleDelivery(command)
          holders.delete(command.id)
          return settled
        },
      }),
  }
}

function withNewIds(real: Store): Store {
  return altered(real, {
    claimDeliveries: async (command) =>
      (await real.claimDeliveries(command)).map((one) => ({
        ...one,
        id: `${one.attempts} ${one.id}`,
      })),
    settleDelivery: ({ id, ...command }) =>
      real.settleDelivery({ ...command, id: id.slice(id.indexOf(' ') + 1) }),
  })
}

/** A token for each relying party and session. */
function signingOnce(): NonNullable<Sabotage['sign']> {
  const signed = new Map<string, Promise<string>>()
  return (real) => (statement) => {
    const about = `${statement.audience} ${statement.sid}`
    const token = signed.get(about) ?? real(statement)
    signed.set(about, token)
    return token
  }
}

function oneAtATime(real: readonly Receiver[]): readonly Receiver[] {
  let last: Promise<unknown> = Promise.resolve()
  return real.map((receiver) =>
    altered(receiver, {
      send: (delivery, signal) => {
        const sent = last.then(() => receiver.send(delivery, signal))
        last = sent
        return sent
      },
    }),
  )
}

/** It does not look at who has the claim. */
function settlingOfOthers(real: Store): Store {
  return altered(real, {
    async settleDelivery(command) {
      const { claimedBy } = (await real.findDelivery(command.id)) ?? {}
      return real.settleDelivery({ ...command, claimedBy: claimedBy ?? command.claimedBy })
    },
  })
}

/** Of every end it also tells the session that was opened last. */
function tellingOfOthers(real: Store): Store {
  let last: Session | undefined
  return altered(real, {
    async openSession(command) {
      last = await real.openSession(command)
      return last
    },
    async readEnds(request) {
      const ends = await real.readEnds(request)
      const one = ends?.ended[0]
      if (ends === undefined || one === undefined || last === undefined) return ends
      return { ...ends, ended: [...ends.ended, { ...one, session: last }] }
    },
  })
}

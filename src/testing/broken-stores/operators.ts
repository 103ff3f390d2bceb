import { Refusal } from '../../domain/failure.ts'
import { operatorSubject } from '../../domain/operator.ts'
import type { BrokenStore } from './broken-store.ts'

export const brokenOperators: readonly BrokenStore[] = [
  {
    name: 'looks whether a name is free, then takes it: an operator is replaced',
    caughtBy: 'createOperator: of 20 callers',
    overrides: (store) => ({
      async createOperator(operator) {
        try {
          await store.createOperator(operator)
        } catch (error) {
          if (!(error instanceof Refusal && error.failure.kind === 'conflict')) throw error
          await store.removeOperator(operator.name)
          await store.createOperator(operator)
        }
      },
    }),
  },
  {
    name: 'looks an operator up in any spelling',
    caughtBy: 'createOperator: found by name',
    overrides: (store) => ({ findOperator: (name) => store.findOperator(name.toLowerCase()) }),
  },
  {
    name: 'takes a person of one identity provider for one of another',
    caughtBy: 'findOperatorByIdentity: by issuer',
    overrides: (store) => ({
      async findOperatorByIdentity({ claim, value, issuer }) {
        const found = await store.findOperatorByIdentity({ claim, value, issuer })
        return (
          found ??
          (await store.findOperatorByIdentity({ claim, value, issuer: issuer.replace(/\/$/, '') }))
        )
      },
    }),
  },
  {
    name: 'gives an identity to every operator who comes with it',
    caughtBy: 'createOperator: of 20 callers with one identity',
    overrides: (store) => ({
      async createOperator(operator) {
        const { identity } = operator
        const taken = identity && (await store.findOperatorByIdentity(identity))
        await store.createOperator(taken ? { ...operator, identity: undefined } : operator)
      },
    }),
  },
  {
    name: 'drops the password of an operator whose role changes',
    caughtBy: 'updateOperator: changes what is given',
    overrides: (store) => ({
      updateOperator: (operator, change) =>
        store.updateOperator(operator, { passwordHash: '', ...change }),
    }),
  },
  {
    name: 'changes the operator who has the name now, even if another was meant',
    caughtBy: 'updateOperator: not another operator',
    overrides: (store) => ({
      async updateOperator(operator, change) {
        const now = await store.findOperator(operator.name)
        return store.updateOperator(now ?? operator, change)
      },
    }),
  },
  {
    name: 'keeps the passkeys of an operator who is removed',
    caughtBy: 'removeOperator: with the operator’s passkeys',
    overrides: (store) => ({
      async removeOperator(name) {
        const held = await store.listPasskeys(operatorSubject(name))
        const isRemoved = await store.removeOperator(name)
        for (const passkey of held) await store.addPasskey(passkey)
        return isRemoved
      },
    }),
  },
  {
    name: 'forgets what a passkey is called',
    caughtBy: 'addPasskey: found by id and by holder',
    overrides: (store) => ({ addPasskey: (passkey) => store.addPasskey({ ...passkey, name: '' }) }),
  },
  {
    name: 'gives a passkey to the last person who adds it',
    caughtBy: 'addPasskey: found by id and by holder',
    overrides: (store) => ({
      async addPasskey(passkey) {
        const before = await store.findPasskey(passkey.id)
        if (before !== undefined) await store.removePasskey(before.holder, before.id)
        await store.addPasskey(passkey)
      },
    }),
  },
  {
    name: 'reads a counter, then writes it: a copied passkey signs in beside the real one',
    caughtBy: 'usePasskey: a counter only grows',
    overrides: (store) => ({
      async usePasskey(command) {
        const before = await store.findPasskey(command.id)
        await store.usePasskey(command)
        return before !== undefined && before.counter < command.counter
      },
    }),
  },
  {
    name: 'takes a counter of 0 for one that fell back, and refuses what never counts',
    caughtBy: 'usePasskey: one that does not count',
    overrides: (store) => ({
      usePasskey: async (command) => command.counter > 0 && store.usePasskey(command),
    }),
  },
  {
    name: 'removes any holder’s passkey',
    caughtBy: 'removePasskey: only its holder’s',
    overrides: (store) => ({
      async removePasskey(_holder, id) {
        const found = await store.findPasskey(id)
        return found !== undefined && store.removePasskey(found.holder, id)
      },
    }),
  },
]

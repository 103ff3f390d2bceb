/** Stores that take the tokens of others for ours, or lose what an entry says of them. */
import { defined } from '../../domain/defined.ts'
import type { BrokenStore } from './broken-store.ts'

export const brokenForeign: readonly BrokenStore[] = [
  {
    name: 'does not keep whose tokens an entry ends',
    caughtBy: 'foreign: an entry says whose tokens it ends',
    overrides: (store) => ({
      async findRevocation(id) {
        const found = await store.findRevocation(id)
        return found && { ...found, issuer: '' }
      },
    }),
  },
  {
    name: 'tells issuers apart by their hosts alone',
    caughtBy: 'foreign: what is narrow ends once for each issuer',
    overrides: (store) => ({
      revoke: ({ issuer = '', ...command }) =>
        store.revoke({ ...command, issuer: issuer.replace(/\/$/, '') }),
    }),
  },
  {
    name: 'ends our session by the session of another issuer',
    caughtBy: 'foreign: nothing of ours ends',
    overrides: (store) => ({
      async revoke(command) {
        const outcome = await store.revoke(command)
        if (command.scope === 'session' && (command.issuer ?? '') !== '') {
          await store.revoke({ ...command, id: `${command.id.slice(0, -4)}ffff`, issuer: '' })
        }
        return outcome
      },
    }),
  },
  {
    name: 'takes every cut-off for the first one',
    caughtBy: 'foreign: a cut-off goes forward',
    overrides: (store) => ({
      revoke: (command) =>
        store.revoke(
          (command.cutoffSeconds ?? 0) === 0
            ? command
            : { ...command, cutoffSeconds: Math.min(command.cutoffSeconds ?? 0, 1_800_000_000) },
        ),
    }),
  },
  {
    name: 'forgets what ended tokens of others with our own',
    caughtBy: 'foreign: verifiers are told until',
    overrides: (store) => ({
      revoke: (command) =>
        store.revoke({
          ...command,
          foreignForgetAfterMs: command.foreignForgetAfterMs ?? command.atMs,
        }),
    }),
  },
  {
    name: 'has the ends of every issuer planned, whichever is asked for',
    caughtBy: 'foreign: what ended is planned once',
    overrides: (store) => ({
      readEnds: (request) =>
        store.readEnds({ ...request, issuers: ['https://idp.example', 'https://idp.example/'] }),
    }),
  },
  {
    name: 'lists the entries of every issuer, whichever is asked for',
    caughtBy: 'foreign: lists are by issuer',
    overrides: (store) => ({
      listRevocations: ({ scope, key, reason }, page) =>
        store.listRevocations(defined({ scope, key, reason }), page),
    }),
  },
  {
    name: 'raises a counter of ours where a second was given',
    caughtBy: 'foreign: what cannot be had is refused',
    overrides: (store) => ({
      revoke: ({ cutoffSeconds, ...command }) =>
        store.revoke(
          (command.issuer ?? '') === '' || cutoffSeconds === undefined
            ? command
            : { ...command, cutoffSeconds },
        ),
    }),
  },
]

import type { Command } from 'commander'
import { configOption, dataOption } from '../database.ts'
import { withExamples } from '../examples.ts'
import type { Shell } from '../shell.ts'
import { untilStopped } from '../until-stopped.ts'
import { reachable } from '../../server/reachable.ts'
import type { RunningServer } from '../../server/serve.ts'

/** As text: what each may be is said by the schema of the settings. */
interface ServeFlags {
  readonly demo?: true
  readonly host?: string
  readonly port?: string
  readonly data?: string
  readonly config?: string
  readonly afterRestore?: string
}

/** `outright serve`: runs until it is told to stop. */
export function addServe(program: Command, { terminal }: Shell): void {
  const command = program
    .command('serve')
    .summary('run a server')
    .description(
      'Runs a server until SIGINT or SIGTERM. After the first signal it takes no new requests and finishes ' +
        'what was accepted; a second one, a second later or more, ends the process at once. ' +
        'Settings come from OUTRIGHT_… variables and the configuration file; the options here win ' +
        'over both. The log goes to standard output; a server outlives it, and says how many lines ' +
        'were lost when it can.',
    )
    .option('--demo', 'with the demo identities, whose passwords are public')
    .option('--host <address>', 'address to listen on (OUTRIGHT_HOST, default 127.0.0.1)')
    .option('--port <number>', 'port, 0 for any free one (OUTRIGHT_PORT, default 8080)')
    .addOption(dataOption)
    .addOption(configOption)
    .option(
      '--after-restore <decision>',
      'serve a database that may lack logouts, after this (OUTRIGHT_AFTER_RESTORE): ' +
        'end-everyone or accept-lost-logouts',
    )
    .action(async (flags: ServeFlags) => {
      // Loaded here, so that no other command waits for a server's code.
      const [{ serveConfig }, { loadConfig }] = await Promise.all([
        import('../../server/serve.ts'),
        import('../../server/config.ts'),
      ])
      terminal.outliveOutput()
      // Before anything is said: who reads that it listens may stop it at once.
      const stopped = untilStopped(terminal)
      const { demo, host, port, data, config: configPath, afterRestore } = flags
      const settings = {
        '--demo': demo,
        '--host': host,
        '--port': port,
        '--data': data,
        '--after-restore': afterRestore,
      }
      const config = await loadConfig(terminal.env, { configPath }, settings)
      const server = await serveConfig(config)
      terminal.err(`outright: listening on ${server.url}\n`)
      if (config.demo) terminal.err(demoNotice(server))
      if (server.setUpLink !== undefined) terminal.err(setUpNotice(server.setUpLink))
      await stopped
      await server.close()
      terminal.err('outright: stopped\n')
    })
  withExamples(command, [
    'outright serve --demo',
    'OUTRIGHT_ADMIN_TOKEN=… outright serve --data /var/lib/outright',
    'outright serve --config outright.config.ts --port 9000',
    'outright serve --data /var/lib/outright --after-restore end-everyone',
  ])
}

/** Where to look and one line to paste, below which the first request of the log will come. */
function demoNotice({ url, tryIt, operator }: RunningServer): string {
  const here = reachable(url)
  return [
    'outright: the demo identities are public: keep this server off the network',
    '',
    `  Look around   ${here}/ (the API: ${here}/docs)`,
    ...(operator === undefined
      ? []
      : [`  Sign in       ${here}/console/ (${operator.name} / ${operator.password})`]),
    ...(tryIt === undefined ? [] : [`  Log maria out ${tryIt}`]),
    '',
    '',
  ].join('\n')
}

/** On the terminal and in no log: the holder of the link becomes the first operator. */
function setUpNotice(link: string): string {
  return [
    'outright: there is no operator yet. Become the first one, once and within a day, at',
    '',
    `  ${link}`,
    '',
    '',
  ].join('\n')
}

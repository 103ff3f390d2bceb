import type { Command } from 'commander'
import type { CanarySettings } from '../../canary/index.ts'
import { readCanarySettings, type CanaryFlags } from '../canary-settings.ts'
import { withExamples } from '../examples.ts'
import { collect } from '../repeats.ts'
import type { Shell } from '../shell.ts'

/** `outright canary`: whether what is logged out is refused where people are served. */
export function addCanary(program: Command, shell: Shell): void {
  const command = program
    .command('canary')
    .summary('log a person of its own out, and measure who goes on accepting it')
    .description(
      'Logs a person of its own in, uses the token on every path that is given, logs it out, goes on ' +
        'using it, and says for each path when the last action was accepted. Exit code 1 where a path ' +
        'accepted something after the logout was answered, or could not be measured. With --every it ' +
        'runs until SIGINT or SIGTERM. Durations are written 20ms, 5s, 1m or 1h.',
    )
    .option(
      '--path <name=url>',
      'a URL that a guard protects, http(s) or ws(s); may be repeated',
      collect,
    )
    .option('--stream <name=url>', 'one whose answer stays open; may be repeated', collect)
    .option('--config <file>', 'a .json or .ts file with these settings and more')
    .option('--name <name>', 'name of this canary, its own for each that runs (default: default)')
    .option('--rounds <n>', 'rounds, one after the other (default: 1)')
    .option('--every <time>', 'run as a service, a round this often')
    .option('--watch <time>', 'how long to watch after the logout (default: 5s)')
    .option('--probe-every <time>', 'how often each path is tried (default: 20ms)')
    .option('--timeout <time>', 'how long one action may take (default: 5s)')
    .option('--transit <time>', 'how long data of a stream may be on its way (default: 250ms)')
    .option('--metrics-host <address>', 'where a service answers Prometheus (default: 127.0.0.1)')
    .option('--metrics-port <number>', 'with --every: port on which it does, 0 for any free one')
    .option('--no-report', 'do not send the reports to the server')
    .action(async (flags: CanaryFlags & { readonly report: boolean }, cli: Command) => {
      const settings: CanarySettings = await readCanarySettings(flags)
      // Loaded here, so that no other command waits for it.
      const { watchOnce, keepWatching } = await import('../canary-run.ts')
      const run = { shell, command: cli, settings, sendsReports: flags.report }
      await (settings.everyMs === undefined ? watchOnce(run) : keepWatching(run, settings.everyMs))
    })
  withExamples(command, [
    'outright canary --path orders=https://shop.example/api/orders',
    'outright canary --rounds 10 --path api=https://api.example/me --path chat=wss://chat.example/',
    'outright canary --config canary.json --every 1m --metrics-port 9464',
    'outright canary --stream news=https://news.example/events --watch 10s --json',
  ])
}

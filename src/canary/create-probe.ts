import { httpProbe } from './http-probe.ts'
import type { Probe, ProbeOptions } from './probe.ts'
import { streamProbe } from './stream-probe.ts'
import { websocketProbe } from './websocket-probe.ts'

/** The probe for the kind of a path. */
export function createProbe(options: ProbeOptions): Probe {
  switch (options.path.kind) {
    case 'http':
      return httpProbe(options)
    case 'stream':
      return streamProbe(options)
    case 'websocket':
      return websocketProbe(options)
  }
}

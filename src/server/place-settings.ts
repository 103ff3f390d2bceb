import { originsSetting } from '../http/cors.ts'
import {
  checkedText,
  hostInUrl,
  optional,
  type OptionalSetting,
  type Setting,
} from '../settings/schema.ts'

export interface PlaceSettings {
  readonly prefix: Setting<string>
  readonly host: OptionalSetting<string>
  readonly origins: OptionalSetting<readonly string[]>
}

/** How the paths begin that this server answers itself: all of its own routes, and no others. */
export const reservedBeginnings: ReadonlySet<string> = new Set([
  'outright',
  'oauth2',
  '.well-known',
  'oidc',
  'login',
  'logout',
  'device',
  'devices',
  'console',
  'demo',
  'logged-out',
  'docs',
  'healthz',
  'readyz',
  'metrics',
])

/** Settings of where a surface is served. */
export function place(): PlaceSettings {
  return {
    prefix: checkedText(
      {
        description: 'path before all of its own',
        default: '',
        defaultText: 'none: its documented paths',
        allowed: 'a path such as /name that is not the server’s own, or nothing',
      },
      (path) =>
        path === '' ||
        (/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/.test(path) &&
          !reservedBeginnings.has(path.split('/')[1] ?? '')),
    ),
    host: optional(
      hostInUrl({ description: 'host name under which alone it is served', defaultText: 'any' }),
    ),
    origins: optional(
      originsSetting({
        description: 'origins whose pages may call it; `*` is any',
        defaultText:
          'none; for Adobe Pass, whose documents let any, and for Baanx in the demo: any',
      }),
    ),
  }
}

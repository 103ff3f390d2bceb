import {
  checkedText,
  hostInUrl,
  list,
  optional,
  type OptionalSetting,
  type Setting,
} from '../settings/schema.ts'

export interface PlaceSettings {
  readonly prefix: Setting<string>
  readonly host: OptionalSetting<string>
  readonly origins: OptionalSetting<readonly string[]>
}

/** What this server answers itself. */
const reserved: ReadonlySet<string> = new Set([
  'outright',
  'oauth2',
  '.well-known',
  'oidc',
  'login',
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
          !reserved.has(path.split('/')[1] ?? '')),
    ),
    host: optional(
      hostInUrl({ description: 'host name under which alone it is served', defaultText: 'any' }),
    ),
    origins: optional(
      list(checkedText({ allowed: 'an origin such as https://app.example, or *' }, isOrigin), {
        description: 'origins whose pages may call it; `*` is any',
        defaultText:
          'none; for Adobe Pass, whose documents let any, and for Baanx in the demo: any',
        allowed: 'a list of origins such as https://app.example, or of `*`',
      }),
    ),
  }
}

/** As browsers send it: scheme, host and port, in lower case and without what goes without saying. */
function isOrigin(text: string): boolean {
  return text === '*' || (/^https?:\/\//.test(text) && URL.parse(text)?.origin === text)
}

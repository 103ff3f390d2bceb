/** Who is who at the demo's other identity provider. Public by design, like all of the demo. */
export const DEMO_PROVIDER = {
  /** What the configuration calls it. */
  name: 'demo-provider',
  person: { username: 'ines', password: 'ines-demo' },
  clientId: 'demo-app',
  audience: 'demo-api',
} as const

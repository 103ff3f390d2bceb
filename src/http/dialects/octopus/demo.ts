import type { DemoIdentities } from '../../surface-module.ts'

const secret = 'octopus-demo-secret'

export const demo: DemoIdentities = {
  clients: [
    { id: '42', dialect: 'octopus', key: 'octopus-demo-key', secret, name: 'Octopus demo' },
    {
      id: '43',
      dialect: 'octopus',
      key: 'octopus-office-key',
      secret: 'octopus-office-secret',
      name: 'Octopus office',
      allowlist: ['203.0.113.0/24'],
    },
  ],
  shown: { who: 'key octopus-demo-key', secret },
  tour: {
    says: 'A program logs in with its key. Logging out ends every token of that key, everywhere.',
    login: [
      {
        method: 'POST',
        path: '/auth/login',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'octopus-demo-key', password: secret }),
        takes: { token: 'data.access_token' },
      },
    ],
    logout: { method: 'POST', path: '/auth/logout', headers: { authorization: 'Bearer {token}' } },
  },
}

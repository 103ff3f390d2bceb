import type { DemoIdentities } from '../../surface-module.ts'

export const demo: DemoIdentities = {
  subjects: [{ id: 'maria', name: 'Maria', username: 'maria', password: 'maria-demo' }],
  clients: [{ id: 'directlink', dialect: 'directlink', key: 'directlink', name: 'DirectLink' }],
  shown: { who: 'user maria', secret: 'maria-demo' },
  tour: {
    says: 'Maria logs in with her password. Logging out ends this session.',
    login: [
      {
        method: 'POST',
        path: '/directlink/v1/auth/login',
        headers: { authorization: `Basic ${btoa('maria:maria-demo')}` },
        takes: { token: 'bearer' },
      },
    ],
    logout: {
      method: 'POST',
      path: '/directlink/v1/auth/logout',
      headers: { authorization: 'Bearer {token}' },
    },
  },
}

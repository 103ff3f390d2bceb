import { DEMO_PERSON } from '../../demo-people.ts'
import type { DemoIdentities } from '../../surface-module.ts'

const { name: username, password } = DEMO_PERSON

export const demo: DemoIdentities = {
  subjects: [{ id: username, name: 'Maria', username, password }],
  clients: [{ id: 'directlink', dialect: 'directlink', key: 'directlink', name: 'DirectLink' }],
  shown: { who: `user ${username}`, secret: password },
  tour: {
    says: 'Maria logs in with her password. Logging out ends this session.',
    login: [
      {
        method: 'POST',
        path: '/directlink/v1/auth/login',
        headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
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

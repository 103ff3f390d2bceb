/** What the pages for devices say, in each language. */
import type { Language } from './words.ts'

const en = {
  title: 'Connect a device',
  typeCode: 'Type the code that your device shows.',
  compareCode: 'Does your device show this code? Then continue.',
  code: 'Code',
  go: 'Continue',
  unknownCode: 'This code is not known or has expired. Check it, or start again on your device.',
  /** Before the code. */
  warning: 'Allow this only if a device that you have in front of you shows this code:',
  allowed: 'Your device is connected',
  allowedText: 'It goes on by itself within a few seconds. Then you can close this page.',
  denied: 'The device was refused',
  deniedText: 'It has no access. You can close this page.',
}

export type DeviceWords = Readonly<typeof en>

const pt: DeviceWords = {
  title: 'Ligar um dispositivo',
  typeCode: 'Escreva o código que o seu dispositivo mostra.',
  compareCode: 'O seu dispositivo mostra este código? Então continue.',
  code: 'Código',
  go: 'Continuar',
  unknownCode:
    'Este código não existe ou já expirou. Verifique-o ou comece de novo no seu dispositivo.',
  warning: 'Autorize apenas se um dispositivo que tem à sua frente mostrar este código:',
  allowed: 'O seu dispositivo está ligado',
  allowedText: 'Continua sozinho dentro de segundos. Depois pode fechar esta página.',
  denied: 'O dispositivo foi recusado',
  deniedText: 'Não tem acesso. Pode fechar esta página.',
}

const es: DeviceWords = {
  title: 'Conectar un dispositivo',
  typeCode: 'Escriba el código que muestra su dispositivo.',
  compareCode: '¿Su dispositivo muestra este código? Entonces continúe.',
  code: 'Código',
  go: 'Continuar',
  unknownCode:
    'Este código no existe o ha caducado. Compruébelo o empiece de nuevo en su dispositivo.',
  warning: 'Permítalo solo si un dispositivo que tiene delante muestra este código:',
  allowed: 'Su dispositivo está conectado',
  allowedText: 'Seguirá solo en unos segundos. Después puede cerrar esta página.',
  denied: 'El dispositivo ha sido rechazado',
  deniedText: 'No tiene acceso. Puede cerrar esta página.',
}

export const deviceWords: Readonly<Record<Language, DeviceWords>> = { en, pt, es }

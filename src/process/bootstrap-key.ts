import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { keyFault } from '../domain/keys.ts'
import type { Log } from '../domain/log.ts'
import { OperatorError } from '../domain/operator-error.ts'
import { isLoopbackName } from '../plugins/loopback.ts'
import type { KeyStore } from '../store/keys.ts'

/**
 * Creates the first key from BOOTSTRAP_ADMIN_KEY_FILE, if no key was ever created. Throws an OperatorError if other machines
 * or pages of other origins could reach the service while it has no key, and if the file cannot be used.
 */
export async function prepareKeys (config: Pick<Config, 'auth' | 'host' | 'bootstrapAdminKeyFile' | 'corsOrigins'>, keys: KeyStore, log: Pick<Log, 'info' | 'warn'>): Promise<void> {
  const { auth, host, corsOrigins, bootstrapAdminKeyFile: file } = config
  if (file !== null) await createBootstrapKey(readKey(file), keys, log)
  if (auth === 'off') {
    log.warn({ host }, 'AUTH=off: everybody who can reach this address may do everything')
  } else if (!isLoopbackName(host) && !await keys.exist()) {
    throw new OperatorError(`There is no key yet, and with HOST=${host} other machines can reach this service. Create the first key with ` +
      '"npm run keys -- create --name admin --scopes admin", or put a key into a file and set BOOTSTRAP_ADMIN_KEY_FILE to its path. ' +
      'To run without keys, set HOST=127.0.0.1 (this machine only) or AUTH=off (everybody).')
  } else if (corsOrigins.length > 0 && !await keys.exist()) {
    throw new OperatorError('There is no key yet, and with CORS_ORIGINS pages of other origins can call this service. Create the first key with ' +
      '"npm run keys -- create --name admin --scopes admin", or unset CORS_ORIGINS. With AUTH=off these pages may do everything.')
  }
}

async function createBootstrapKey (key: string, keys: KeyStore, log: Pick<Log, 'info' | 'warn'>): Promise<void> {
  if (await keys.createFirst(key)) log.info({ name: 'admin' }, 'created the first key from BOOTSTRAP_ADMIN_KEY_FILE')
  else if (await keys.find(key) === null) log.warn({}, 'BOOTSTRAP_ADMIN_KEY_FILE is ignored: it contains no valid key, and other keys already exist')
}

/** Reads a key from a file. Error messages never contain the key, nor the path: somebody may have put the key there. */
function readKey (file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperatorError(`BOOTSTRAP_ADMIN_KEY_FILE cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}): it must be the path of a file that this user may read.`)
  }
  const key = text.trim()
  const fault = keyFault(key)
  if (fault !== null) throw new OperatorError(`The key in the file of BOOTSTRAP_ADMIN_KEY_FILE ${fault}. Create one with "openssl rand -hex 32".`)
  return key
}

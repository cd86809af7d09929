// `npm run db:migration -- NAME` writes a migration with what the migrations lack of prisma/sql. `-- --check` only prints the difference.
import { dbMigration } from './migration-command.ts'

process.exitCode = await dbMigration(process.argv.slice(2), {
  out: (text) => { process.stdout.write(text) },
  err: (text) => { process.stderr.write(text) }
})

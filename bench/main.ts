process.stdout.write('no bench yet\n');

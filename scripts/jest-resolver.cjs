// Our sources import './x.js' as NodeNext asks; under Jest the file on disk is './x.ts'. fast-check gets its seed on the way.
const { existsSync } = require('node:fs');
const { resolve } = require('node:path');

const seededFastCheck = resolve(__dirname, 'seeded-fast-check.mjs');

module.exports = (request, options) => {
  if (/^\.{1,2}\/.*\.js$/.test(request) && !options.basedir.includes('/node_modules/')) {
    const source = resolve(options.basedir, request.replace(/\.js$/, '.ts'));
    if (existsSync(source)) return source;
  }
  // Its own import of fast-check is the real one.
  if (request === 'fast-check' && options.basedir !== __dirname) return seededFastCheck;
  return options.defaultResolver(request, options);
};

# Leaves of a workspace installation what runs: packages, and of each workspace of ours that they
# link to its manifest and what was built of it in the repository $1.
set -eu
for link in node_modules/@joinleaf/*; do
  folder=$(realpath --relative-to=. "$link")
  mkdir -p "/kept/$folder"
  cp "$folder/package.json" "/kept/$folder/"
  for part in "$folder/node_modules" "$1/$folder/dist" "$1/$folder/bin"; do
    if [ -d "$part" ]; then cp -r "$part" "/kept/$folder/"; fi
  done
done
rm -rf libs services bench
cp -r /kept/. .
rm -f .npmrc
find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

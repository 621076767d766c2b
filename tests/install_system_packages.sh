#!/usr/bin/env bash
# Installs what the tests use beyond pip. Without root or apt it changes nothing and says what is absent:
# the tests concerned are then skipped, each with its reason.
set -euo pipefail
wanted=()
command -v java >/dev/null || wanted+=(openjdk-17-jre-headless)
command -v chromium >/dev/null || wanted+=(chromium)
command -v pdftotext >/dev/null || wanted+=(poppler-utils)
ldconfig -p 2>/dev/null | grep -q libodbc.so.2 || wanted+=(unixodbc)
compgen -G '/usr/lib/*/odbc/libtdsodbc.so' >/dev/null || wanted+=(tdsodbc)
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)
python3 -c 'import ensurepip' 2>/dev/null || wanted+=(python3-venv)
fc-list 2>/dev/null | grep -qi 'NotoSansCJK' || wanted+=(fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji)
if [ ${#wanted[@]} -eq 0 ]; then
  echo "test-deps: nothing to install"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "test-deps: installing ${wanted[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
else
  echo "test-deps: absent, and not installed for want of root and apt: ${wanted[*]}"
fi

# Azurite, Microsoft's emulator of blob storage: from npm, into a folder beside no checkout, kept between runs.
AZURITE=3.35.0 # tests/rig/azurite.py names the same
parts="${RECON_TEST_PARTS:-$HOME/.cache/recon-test-parts}/azurite-$AZURITE"
if [ -f "$parts/node_modules/azurite/dist/src/blob/main.js" ]; then
  echo "test-deps: Azurite is there"
elif command -v npm >/dev/null; then
  echo "test-deps: installing Azurite $AZURITE into $parts"
  mkdir -p "$parts"
  npm install --silent --no-audit --no-fund --no-save --prefix "$parts" "azurite@$AZURITE"
else
  echo "test-deps: absent, and not installed for want of npm: Azurite $AZURITE"
fi

"""What a person or a connector answers, and the forms people fill in: read strictly, prepared, never sent
from here.
"""
